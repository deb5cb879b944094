import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith } from './support/binaries.ts';
import { run, until } from './support/child.ts';
import { udpPorts } from './support/ports.ts';
import { makeTracks, newFolder, onlyTake, samplesOf, startIn, startRecording, twoTracks } from './support/recording.ts';

/** Waits until each file of the take has so many seconds of mono; what came last waits in the buffer for a second. */
async function untilRecorded(folder: string, seconds: number, sampleBytes = 3): Promise<void> {
  await until(`${seconds} s of the take`, () => {
    const { path, files } = onlyTake(folder);
    const bytes = seconds * 48_000 * sampleBytes;
    return files.length > 0 && files.every((file) => statSync(join(path, file)).size >= bytes);
  });
}

/** Records what another program sends of a file of three seconds to a port of this machine: sample for sample. */
async function expectRecorded(send: (file: string, port: number) => Promise<void>): Promise<void> {
  const folder = newFolder();
  await makeTracks(folder, ['music'], 3);
  const port = udpPorts();
  const recorder = await startRecording(folder, `127.0.0.1:${port}`, '--format', 'L24/48000/1');
  const file = join(folder, 'music.wav');
  await send(file, port);
  await untilRecorded(folder, 3);
  await recorder.stop('SIGINT');
  const { path, files } = onlyTake(folder);
  expect((await samplesOf(join(path, files[0]!))).equals(await samplesOf(file))).toBe(true);
}

const SESSION = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=take', 'c=IN IP4 127.0.0.1', 't=0 0'];

/** The lines that describe a flow of mono. */
function stream(name: string, port: number): string[] {
  return [`m=audio ${port} RTP/AVP 98`, `i=${name}`, 'a=rtpmap:98 L24/48000/1', 'a=ptime:1'];
}

describeWith(
  ['ffmpeg', 'ffprobe'],
  'distream record',
  () => {
    it('records what distream send sends, sample for sample, and proves it', async () => {
      const folder = newFolder();
      const names = ['bass', 'kick', 'vocals'];
      await makeTracks(folder, names, 3);
      const port = udpPorts();
      const streams = names.map((name, index) => stream(name, port + 2 * index));
      writeFileSync(join(folder, 'session.sdp'), [...SESSION, ...streams.flat(), ''].join('\r\n'));
      const recorder = await startRecording(folder, 'session.sdp', '--sent', 'send.json');
      const to = ['--to', '127.0.0.1', '--port', String(port), '--no-sap'];
      const sender = startIn(folder, 'send', ...to, ...names.map((name) => `${name}.wav`));
      expect(await sender.exited, sender.errors()).toBe(0);
      expect(await recorder.exited, recorder.errors()).toBe(0);
      const { path, files, account } = onlyTake(folder);
      expect(account?.verdict.isIdentical, JSON.stringify(account?.verdict)).toBe(true);
      expect(files.sort()).toEqual(names.map((name) => `${name}.wav`));
      const references = new Set<string>();
      for (const name of names) {
        const file = join(path, `${name}.wav`);
        expect((await samplesOf(file)).equals(await samplesOf(join(folder, `${name}.wav`)))).toBe(true);
        const tags = await run('ffprobe', ['-v', 'error', '-show_entries', 'format_tags=time_reference', file]);
        references.add(tags.toString());
      }
      expect([...references].join()).toMatch(/^\[FORMAT\]\nTAG:time_reference=\d+\n\[\/FORMAT\]\n$/);
    });

    it('proves a flow whose channels are files of their own', async () => {
      const folder = newFolder();
      await makeTracks(folder, ['piano', 'drums'], 2);
      const [first, second] = ['piano', 'drums'].map((name) => join(folder, `${name}.wav`));
      const merge = ['-filter_complex', 'amerge=inputs=2', '-c:a', 'pcm_s24le'];
      await run('ffmpeg', ['-v', 'error', '-i', first!, '-i', second!, ...merge, join(folder, 'stage.wav')]);
      const port = udpPorts();
      const described = [`m=audio ${port} RTP/AVP 98`, 'i=stage', 'a=rtpmap:98 L24/48000/2', 'a=ptime:1', ''];
      writeFileSync(join(folder, 'session.sdp'), [...SESSION, ...described].join('\r\n'));
      const recorder = await startRecording(folder, 'session.sdp', '--split', '--sent', 'send.json');
      const sender = startIn(folder, 'send', '--to', '127.0.0.1', '--port', String(port), '--no-sap', 'stage.wav');
      expect(await sender.exited, sender.errors()).toBe(0);
      expect(await recorder.exited, recorder.errors()).toBe(0);
      const { path, files, account } = onlyTake(folder);
      expect(files.sort()).toEqual(['stage 1.wav', 'stage 2.wav']);
      expect(account!.verdict, JSON.stringify(account!.verdict)).toMatchObject({ isIdentical: true });
      expect((await samplesOf(join(path, 'stage 2.wav'))).equals(await samplesOf(second!))).toBe(true);
    });

    it('finds a session by its announced name, by multicast, and records its tracks in step', async () => {
      const folder = newFolder();
      await makeTracks(folder, ['one', 'two'], 3, 16);
      const name = `e2e ${process.pid}`;
      const args = ['--to', '239.69.77.1', '--port', String(udpPorts()), '--interface', '127.0.0.1'];
      const local = ['--interface', '127.0.0.1'];
      const recorder = startIn(
        ...[folder, 'record', `sap://${encodeURIComponent(name)}`, '--dir', 'takes', '--no-repair'],
        ...local,
      );
      const sender = startIn(folder, 'send', ...args, '--name', name, '--loop', 'one.wav', 'two.wav');
      await untilRecorded(folder, 2, 2);
      await sender.stop('SIGINT');
      await recorder.exited;
      const { files, account } = onlyTake(folder);
      expect(files.sort()).toEqual(['one.wav', 'two.wav']);
      const [one, two] = account!.tracks;
      expect(one!.recorded!.frames).toBe(two!.recorded!.frames);
      // One of the two may have been heard a packet earlier; the other one is silent until then.
      const [first, second] = [one!.runs![0]!, two!.runs![0]!];
      expect(first.timestamp - first.start).toBe(second.timestamp - second.start);
      expect(account!.tracks.flatMap(({ gaps }) => gaps).filter(([, , cause]) => cause !== 'absent')).toEqual([]);
    });

    it('leaves heads that are right up to the last seconds after a kill -9', async () => {
      const { folder, targets, send } = await twoTracks();
      const recorder = await startRecording(folder, ...targets);
      const sender = send('--no-account');
      // Heads are written each second: those of three seconds tell of more than one.
      await untilRecorded(folder, 3);
      await recorder.stop('SIGKILL');
      await sender.stop('SIGINT');
      const { path, files } = onlyTake(folder);
      expect(files).toHaveLength(2);
      for (const file of files) {
        const duration = await run('ffprobe', [
          ...['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', join(path, file)],
        ]);
        expect(Number(duration.toString())).toBeGreaterThan(1);
        const head = readFileSync(join(path, file)).subarray(0, 4).toString('latin1');
        expect(head).toBe('RIFF');
      }
    });

    it('keeps the time when the sender is killed and started again', async () => {
      const { folder, targets, send } = await twoTracks();
      const recorder = await startRecording(folder, ...targets);
      const first = send('--no-account');
      await untilRecorded(folder, 2);
      await first.stop('SIGKILL');
      const second = send('--no-account');
      await until('the second run', () => second.errors().includes('Sending'));
      await untilRecorded(folder, 6);
      await second.stop('SIGINT');
      await recorder.exited;
      const { account } = onlyTake(folder);
      const [a, b] = account!.tracks;
      expect(a!.runs).toHaveLength(2);
      expect(a!.gaps.filter(([, , cause]) => cause === 'restart')).toHaveLength(1);
      // Both tracks are placed by one clock: the second run begins at one frame in both.
      expect(a!.runs![1]!.start).toBe(b!.runs![1]!.start);
      expect(a!.recorded!.frames).toBe(b!.recorded!.frames);
    });

    it('records what ffmpeg sends, sample for sample', async () => {
      await expectRecorded(async (file, port) => {
        const input = ['-v', 'error', '-re', '-i', file, '-c:a', 'pcm_s24be'];
        await run('ffmpeg', [...input, '-f', 'rtp', `rtp://127.0.0.1:${port}?pkt_size=1200`]);
      });
    });
  },
  { concurrent: true },
);

describeWith(
  ['ffmpeg', 'gst-launch-1.0'],
  'distream record and GStreamer',
  () => {
    it('records what GStreamer sends, sample for sample', async () => {
      await expectRecorded(async (file, port) => {
        await run('gst-launch-1.0', [
          ...['-q', 'filesrc', `location=${file}`, '!', 'wavparse', '!', 'audioconvert', '!'],
          ...['audio/x-raw,format=S24BE', '!', 'rtpL24pay', 'pt=98', 'mtu=1200', '!'],
          ...['udpsink', 'host=127.0.0.1', `port=${port}`, 'sync=true'],
        ]);
      });
    });
  },
  { concurrent: true },
);
