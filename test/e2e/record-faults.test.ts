import { createSocket } from 'node:dgram';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { takeSchema } from '../../src/tracks/proof/take-schema.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { canMount, describeWith, itWhere } from './support/binaries.ts';
import { run, start, until } from './support/child.ts';
import { udpPorts } from './support/ports.ts';
import { newFolder, onlyTake, samplesOf, startIn, startRecording, twoTracks } from './support/recording.ts';

const BIN = fileURLToPath(new URL('../../bin/distream.js', import.meta.url));
describeWith(
  ['ffmpeg', 'ffprobe'],
  'distream record and what can go wrong',
  () => {
    itWhere(canMount(), 'ends when the disk is full: files and account are valid, the exit code is 1', async () => {
      const { folder, targets, send } = await twoTracks();
      const record = [
        process.execPath,
        BIN,
        'record',
        '--dir',
        'takes',
        '--no-repair',
        '--sent',
        'send.json',
        ...targets,
      ];
      // What is on the small disk is gone with the last process that sees it: it is copied out.
      const script =
        'mkdir takes kept && mount -t tmpfs -o size=1m none takes && "$@"; code=$?; cp -r takes/. kept; exit $code';
      const recorder = start('unshare', ['-mr', 'sh', '-c', script, 'sh', ...record], { cwd: folder });
      await until('the recorder', () => recorder.errors().includes('Listening for "'));
      const sender = send();
      expect(await recorder.exited, recorder.errors()).toBe(1);
      await sender.stop('SIGINT');
      expect(recorder.errors().match(/the disk is full; this track ends here/g)).toHaveLength(2);
      expect(recorder.errors()).toContain('and with it the take');
      expect(recorder.errors()).not.toContain('INTERNAL');
      const kept = join(folder, 'kept');
      const [take] = (await run('ls', [kept])).toString().trim().split('\n');
      const account = takeSchema.parse(JSON.parse(readFileSync(join(kept, take!, 'take.json'), 'utf8')));
      for (const { file, recorded, failure } of account.tracks) {
        const path = join(kept, take!, file!);
        const samples = await samplesOf(path);
        expect(samples.length).toBe(recorded!.frames * 3);
        expect(recorded!.frames).toBeGreaterThan(48_000);
        expect(failure).toBe('the disk is full');
        expect((await run('ffprobe', ['-v', 'error', path])).toString()).toBe('');
      }
    });

    it('goes on with the other track when a file is deleted, and ends when the folder is', async () => {
      const { folder, targets, send } = await twoTracks();
      const recorder = await startRecording(folder, ...targets);
      const sender = send();
      const growing = (name: string, seconds: number) =>
        until(name, () => statSync(join(onlyTake(folder).path, name)).size > seconds * 144_000);
      const [first, second] = [0, 1].map((index) => `port ${targets[index]!.slice(1)}.wav`);
      await growing(first!, 1);
      rmSync(join(onlyTake(folder).path, first!));
      await until('the message', () => recorder.errors().includes(`${first}: the file was deleted`));
      const seconds = statSync(join(onlyTake(folder).path, second!)).size / 144_000;
      await growing(second!, seconds + 2);
      rmSync(onlyTake(folder).path, { recursive: true });
      expect(await recorder.exited, recorder.errors()).toBe(1);
      expect(recorder.errors()).toContain(
        `${second}: the file was deleted; this track ends here, and with it the take`,
      );
      expect(recorder.errors()).toContain('cannot write take.json: no such file or folder');
      expect(recorder.errors()).not.toContain('INTERNAL');
      await sender.stop('SIGINT');
    });

    it('records the sender it heard first, through a flood of strangers and of nonsense', async () => {
      const { folder, port, targets, send } = await twoTracks();
      const recorder = await startRecording(folder, ...targets);
      const sender = send('--loop');
      await until('audio', () => statSync(join(onlyTake(folder).path, `port ${port}.wav`)).size > 100_000);
      const socket = createSocket('udp4');
      const random = seededRandom(5);
      let sent = 0;
      const flooding = setInterval(() => {
        for (let burst = 0; burst < 20; burst++, sent++) {
          const datagram = Buffer.from(Array.from({ length: Math.floor(random() * 300) }, () => random() * 256));
          if (datagram.length > 12 && sent % 2 === 0) {
            // A stream of another source, of the right form.
            datagram[0] = 0x80;
            datagram[1] = 98;
            datagram.writeUInt16BE(sent & 0xffff, 2);
          }
          socket.send(datagram, port + (sent % 3 === 0 ? 1 : 0), '127.0.0.1');
        }
      }, 5);
      await until('the flood', () => sent > 4000);
      clearInterval(flooding);
      await recorder.stop('SIGINT');
      socket.close();
      await sender.stop('SIGINT');
      const { account } = onlyTake(folder);
      const flooded = account!.tracks.find(({ name }) => name === `port ${port}`)!;
      expect(flooded.runs).toHaveLength(1);
      expect(flooded.gaps.filter(([, , cause]) => cause !== 'absent')).toEqual([]);
      expect(recorder.errors()).toContain('sends to its port, too; that is not recorded');
    });

    it('ends after --for when one of its flows is silent', async () => {
      const { folder, targets, send } = await twoTracks();
      const recorder = await startRecording(folder, ...targets, `:${udpPorts()}`, '--for', '2s');
      const sender = send('--loop');
      // 1 where a packet was lost: a flood of another test may be on the machine.
      expect(await recorder.exited, recorder.errors()).toBeLessThan(2);
      await sender.stop('SIGINT');
      expect(onlyTake(folder).account!.tracks.map(({ recorded }) => recorded!.frames)).toEqual([96_000, 96_000]);
    });

    it('says what is wrong with a port, an address or a description, and what to do', async () => {
      const folder = newFolder();
      const port = udpPorts();
      const socket = createSocket('udp4');
      await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
      writeFileSync(join(folder, 'bad.sdp'), 'm=audio 5004 RTP/AVP 98\r\n');
      const record = async (...args: readonly string[]) => {
        const child = startIn(folder, 'record', ...args);
        return { code: await child.exited, text: child.errors() };
      };
      const wrong: [string, number, RegExp][] = [
        [`127.0.0.1:${port}`, 4, new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use`)],
        ['203.0.113.7:5004', 4, /203\.0\.113\.7 is not on this machine/],
        ['bad.sdp', 5, /bad\.sdp describes nothing that can be recorded: /],
        ['absent.sdp', 1, /absent\.sdp: there is no such file/],
        ['studio:5004', 2, /neither a multicast group nor an address of this machine/],
      ];
      for (const [target, code, text] of wrong) {
        expect(await record(target)).toEqual({ code, text: expect.stringMatching(text) });
      }
      socket.close();
    });
  },
  { concurrent: true },
);
