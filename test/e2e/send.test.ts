import { createHash } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeWith } from './support/binaries.ts';
import { run, start, until } from './support/child.ts';

const BIN = fileURLToPath(new URL('../../bin/distream.js', import.meta.url));
/** Even, and apart from those of other tests. */
let nextPort = 46_000 + (process.pid % 20) * 800;
let nextSeed = 1;

/** What a test sends: files of noise, so that a shift of one sample is seen. */
async function stems(
  files: readonly { name: string; codec: string; rate: number; channels: number; seconds: number }[],
) {
  const folder = mkdtempSync(join(tmpdir(), 'distream-send-'));
  mkdirSync(join(folder, 'stems'));
  for (const { name, codec, rate, channels, seconds } of files) {
    const noise = Array.from({ length: channels }, () => `anoisesrc=r=${rate}:d=${seconds}:a=0.5:s=${nextSeed++}`);
    const inputs = noise.flatMap((source) => ['-f', 'lavfi', '-i', source]);
    const merge = channels > 1 ? ['-filter_complex', `amerge=inputs=${channels}`] : [];
    await run('ffmpeg', ['-v', 'error', ...inputs, ...merge, '-c:a', codec, join(folder, 'stems', name)]);
  }
  const port = nextPort;
  nextPort += 100;
  return { folder, port };
}

/** The samples of a WAV file. */
function audioOf(path: string): Buffer {
  const bytes = readFileSync(path);
  const at = bytes.indexOf('data', 12, 'latin1');
  return bytes.subarray(at + 8);
}

function send(folder: string, port: number, ...args: readonly string[]) {
  const common = ['--port', String(port), '--sdp', join(folder, 'sdp'), '--no-sap'];
  const startAt = new Date(Date.now() + 8_000).toISOString();
  const all = ['send', ...common, '--start', startAt, ...args, 'stems'];
  return start(process.execPath, [BIN, ...all], { cwd: folder });
}

/** A socket that hears what comes to a port. */
async function listen(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** The description of a flow, once it is there. */
function description(folder: string, name: string): Promise<string> {
  const path = join(folder, 'sdp', name);
  return until(name, () => (readFileSync(path, 'utf8').endsWith('\r\n') ? path : undefined));
}

/** A digest of each channel's samples of 24 bits. */
function channelsOf(audio: Buffer, channels: number, sampleAt: (offset: number) => number): string[] {
  const samples = Array.from({ length: channels }, () => new Int32Array(audio.length / 3 / channels));
  for (let at = 0; at < audio.length; at += 3)
    samples[(at / 3) % channels]![Math.floor(at / 3 / channels)] = sampleAt(at);
  return samples.map((each) => createHash('sha256').update(each).digest('hex'));
}

/** Whether `heard` is `sent`, with nothing but silence around it. */
function expectWhole(heard: Buffer, sent: Buffer): void {
  const at = heard.indexOf(sent.subarray(0, 600));
  expect(at).toBeGreaterThanOrEqual(0);
  expect(heard.subarray(at, at + sent.length).equals(sent)).toBe(true);
  expect(heard.subarray(0, at).every((byte) => byte === 0)).toBe(true);
  expect(heard.subarray(at + sent.length).every((byte) => byte === 0)).toBe(true);
}

describeWith(
  ['ffmpeg'],
  'send to ffmpeg',
  () => {
    it.each([
      ['24 bit, mono, to a host', ['--to', '127.0.0.1'], { codec: 'pcm_s24le', rate: 48_000, channels: 1 }],
      ['16 bit, stereo, 44.1 kHz', ['--to', '127.0.0.1'], { codec: 'pcm_s16le', rate: 44_100, channels: 2 }],
      [
        'with duplicates, which it does not know of',
        ['--to', '127.0.0.1', '--redundancy', 'duplicate'],
        { codec: 'pcm_s24le', rate: 48_000, channels: 2 },
      ],
      [
        'by multicast on the loopback interface',
        ['--to', '239.69.77.1', '--interface', '127.0.0.1'],
        { codec: 'pcm_s24le', rate: 48_000, channels: 2 },
      ],
    ])('plays from our description what the file holds, bit for bit: %s', async (_, args, format) => {
      const { folder, port } = await stems([{ name: 'a.wav', seconds: 2, ...format }]);
      const sender = send(folder, port, ...args);
      const sdp = await description(folder, '01 a.sdp').catch((error: Error) => {
        throw new Error(`${error.message}: ${sender.errors()}`);
      });
      const heard = join(folder, 'heard.wav');
      const local = args.includes('--interface') ? ['-localaddr', '127.0.0.1'] : [];
      const input = ['-protocol_whitelist', 'file,udp,rtp', '-buffer_size', '4000000', ...local, '-i', sdp];
      const ffmpeg = start('ffmpeg', ['-v', 'error', ...input, '-t', '10', '-c:a', format.codec, '-y', heard]);
      expect([await sender.exited, sender.errors()]).toEqual([0, expect.stringContaining('SHA-256')]);
      // BYE ends it; a version that goes on is stopped.
      await Promise.race([ffmpeg.exited, until('the end', () => false, 2_000).catch(() => ffmpeg.stop('SIGINT'))]);
      expectWhole(audioOf(heard), audioOf(join(folder, 'stems', 'a.wav')));
    });
  },
  { concurrent: true },
);

describeWith(
  ['gst-launch-1.0', 'ffmpeg'],
  'send to GStreamer',
  () => {
    it('eight channels of three files in one flow, bit for bit', async () => {
      const shape = { codec: 'pcm_s24le', rate: 48_000, seconds: 2 };
      const { folder, port } = await stems([
        { name: '1.wav', channels: 1, ...shape },
        { name: '2.wav', channels: 5, ...shape },
        { name: '10.wav', channels: 2, ...shape },
      ]);
      const sender = send(folder, port, '--to', '127.0.0.1', '--layout', '8');
      const sdp = readFileSync(await description(folder, '01 1_ 2_ 10.sdp'), 'utf8');
      const [, payload, encoding, rate, channels] = /a=rtpmap:(\d+) (\w+)\/(\d+)\/(\d+)/.exec(sdp)!;
      expect([encoding, rate, channels]).toEqual(['L24', '48000', '8']);
      const caps = `application/x-rtp,media=audio,clock-rate=${rate},encoding-name=L24,channels=${channels},payload=${payload}`;
      const heard = join(folder, 'heard.pcm');
      const source = ['udpsrc', `port=${port}`, 'address=127.0.0.1', 'buffer-size=4000000', `caps=${caps}`];
      const play = ['rtpjitterbuffer', 'latency=200', '!', 'rtpL24depay'];
      const sink = ['filesink', 'buffer-mode=unbuffered', `location=${heard}`];
      const gst = start('gst-launch-1.0', ['-q', ...source, '!', ...play, '!', ...sink]);
      expect(await sender.exited).toBe(0);
      const frames = 96_000;
      await until('all of it', () => readFileSync(heard).length >= frames * 24);
      await gst.stop('SIGINT');
      const big = readFileSync(heard);
      expect(big.length).toBe(frames * 24);
      // Its depayloader puts eight channels in the order of its loudspeakers; each has to be there whole.
      const received = channelsOf(big, 8, (at) => big.readIntBE(at, 3));
      const sent = ['1.wav', '2.wav', '10.wav'].flatMap((name, file) => {
        const audio = audioOf(join(folder, 'stems', name));
        return channelsOf(audio, [1, 5, 2][file]!, (at) => audio.readIntLE(at, 3));
      });
      expect(received.toSorted()).toEqual(sent.toSorted());
      expect(new Set(sent).size).toBe(8);
    });
  },
  { concurrent: true },
);

describeWith(
  ['tshark', 'ffmpeg'],
  'send seen by tshark',
  () => {
    it('RTP, RTCP and SAP without an error, ended by BYE and deletion when it is interrupted', async () => {
      const { folder, port } = await stems([
        { name: 'a.wav', codec: 'pcm_s24le', rate: 48_000, channels: 1, seconds: 20 },
      ]);
      const capture = join(folder, 'seen.pcap');
      const filter = `udp portrange ${port}-${port + 3} or udp port 9875`;
      // Somebody listens: where nobody does, the kernel drops the packet after each ICMP answer.
      const listeners = await Promise.all([0, 1, 2, 3].map((above) => listen(port + above)));
      const tshark = start('tshark', ['-q', '-i', 'lo', '-f', filter, '-w', capture]);
      await until('the capture', () => tshark.errors().includes('Capturing')).catch(() => {
        throw new Error(`tshark cannot capture: ${tshark.errors()}`);
      });
      const to = ['--to', '127.0.0.1', '--port', String(port), '--redundancy', 'xor'];
      const sender = start(process.execPath, [BIN, 'send', ...to, '--json', 'stems'], { cwd: folder });
      let lines = '';
      sender.process.stdout!.on('data', (chunk: Buffer) => {
        lines += chunk;
      });
      await until('two seconds of it', () => /"type":"progress","elapsedSeconds":2/.test(lines));
      expect(await sender.stop('SIGINT')).toBe(130);
      // What comes after the last packet tells that the capture has all of them.
      await until('the last packet', () => {
        listeners[3]!.send('the end of the capture', port + 3, '127.0.0.1');
        return readFileSync(capture).includes('the end of the capture');
      });
      await tshark.stop('SIGINT');
      for (const listener of listeners) listener.close();
      const ports = [`udp.port==${port},rtp`, `udp.port==${port + 1},rtcp`, `udp.port==${port + 2},rtp`];
      const decode = ports.flatMap((each) => ['-d', each]);
      const seen = async (display: string, field: string) =>
        (await run('tshark', ['-r', capture, ...decode, '-Y', display, '-T', 'fields', '-e', field]))
          .toString()
          .trim()
          .split('\n');
      expect(await seen('_ws.malformed || _ws.expert.severity == "Error"', 'frame.number')).toEqual(['']);
      const sequences = (await seen(`udp.dstport == ${port}`, 'rtp.seq')).map(Number);
      expect(sequences.length).toBeGreaterThan(2000);
      expect(sequences.every((each, index) => index === 0 || each === (sequences[index - 1]! + 1) % 65_536)).toBe(true);
      const parity = await seen(`udp.dstport == ${port + 2}`, 'rtp.p_type');
      expect(new Set(parity.map((types) => types.split(',')[0]))).toEqual(new Set(['99']));
      const rtcp = await seen('rtcp', 'rtcp.pt');
      expect([rtcp[0], rtcp.at(-1)]).toEqual(['200,202', '200,202,203']);
      const deletions = await seen('sap', 'sap.flags.t');
      expect(new Set([deletions[0], deletions.at(-1)]).size).toBe(2);
    });
  },
  { concurrent: true },
);

describeWith(
  ['ffmpeg'],
  'send and files that fail',
  () => {
    it('goes on with silence when a file is cut off meanwhile, says so, and ends with 1', async () => {
      const shape = { codec: 'pcm_s16le', rate: 48_000, channels: 1, seconds: 3 };
      const { folder, port } = await stems([
        { name: 'a.wav', ...shape },
        { name: 'b.wav', ...shape },
      ]);
      const to = ['--to', '127.0.0.1', '--port', String(port), '--no-sap'];
      const sender = start(process.execPath, [BIN, 'send', ...to, 'stems'], { cwd: folder });
      await until('the beginning', () => sender.errors().includes('Sending'));
      writeFileSync(join(folder, 'stems', 'b.wav'), readFileSync(join(folder, 'stems', 'b.wav')).subarray(0, 100_000));
      expect(await sender.exited).toBe(1);
      expect(sender.errors()).toMatch(/b\.wav: the file has become shorter.*Silence is sent in its place/);
      expect(sender.errors()).toMatch(/b\.wav was changed while it was sent/);
      const { tracks } = JSON.parse(readFileSync(join(folder, 'send.json'), 'utf8')) as {
        tracks: { sent: { frames: number }; verdict: { words: string } }[];
      };
      expect(tracks.map(({ sent }) => sent.frames)).toEqual([144_000, 144_000]);
      expect(tracks[1]!.verdict.words).toMatch(/silence was sent/);
    });

    it('names a compressed file in one message, sends nothing of the others, and ends with 1', async () => {
      const shape = { rate: 48_000, channels: 1, seconds: 1 };
      const { folder, port } = await stems([
        { name: 'a.wav', codec: 'pcm_s24le', ...shape },
        { name: 'b.wav', codec: 'adpcm_ms', ...shape },
      ]);
      const sender = send(folder, port, '--to', '127.0.0.1');
      expect(await sender.exited).toBe(1);
      const said = sender
        .errors()
        .split('\n')
        .filter((line) => line.startsWith('error: '));
      expect(said).toEqual([expect.stringMatching(/b\.wav is not a track .*compressed.*: Microsoft ADPCM$/)]);
      expect(sender.errors()).toContain('ffmpeg -i IN -c:a pcm_s24le OUT.wav');
      expect(sender.errors()).not.toContain('Sending');
    });
  },
  { concurrent: true },
);
