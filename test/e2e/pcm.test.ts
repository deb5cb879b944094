import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { generateSharedKey } from '../../src/protocols/link/keys.ts';
import { headOf } from '../support/wav-heads.ts';
import { describeWith } from './support/binaries.ts';
import { run, start, until } from './support/child.ts';
import { type DistreamProcess, startDistream } from './support/distream.ts';
import { freePort } from './support/ports.ts';

const NOISE_SECONDS = 4;

/** A file of noise: no two parts of it are alike. */
async function noise(folder: string, name: string, codec: string, rate = 48_000): Promise<Buffer> {
  const source = `anoisesrc=d=${NOISE_SECONDS}:c=pink:r=${rate}:a=0.3`;
  await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', source, '-ac', '2', '-c:a', codec, join(folder, name)]);
  return audioOf(join(folder, name));
}

/** The samples of a WAV file, as far as its head tells. */
function audioOf(path: string): Buffer {
  const bytes = readFileSync(path);
  const { dataStart, dataBytes } = headOf(bytes);
  return bytes.subarray(dataStart, dataStart + dataBytes);
}

/** The first `bytes` without a silent sample frame in them; frames of 6 bytes. */
function soundOf(audio: Buffer, bytes: number): Buffer | undefined {
  let start = 0;
  for (let at = 0; at + 6 <= audio.length; at += 6) {
    if (audio.readUIntLE(at, 6) === 0) start = at + 6;
    else if (at + 6 - start === bytes) return audio.subarray(start, start + bytes);
  }
  return undefined;
}

async function recorded(node: DistreamProcess, name: string, bytes: number): Promise<Buffer> {
  return until(name, () => {
    const audio = audioOf(join(node.folder, name));
    return audio.length >= bytes ? audio : undefined;
  });
}

describeWith(
  ['ffmpeg', 'curl'],
  'PCM in a node',
  () => {
    it('goes from WAV files over a link into a recording, bit for bit', async () => {
      const port = await freePort();
      const key = generateSharedKey();
      const node = await startDistream(`
  near:
    input: { type: wav, path: in.wav }
    outputs:
      - { type: link, listen: { host: 127.0.0.1, port: ${port} }, sharedKey: ${key} }
  far:
    buffer: 5s
    reserve: 500ms
    input: { type: link, to: "127.0.0.1:${port}", sharedKey: ${key}, stream: near }
    outputs:
      - { type: recorder, path: far.wav, minFree: 1MiB }`);
      const sent = await noise(node.folder, 'in.wav', 'pcm_s24le');
      const got = await recorded(node, 'far.wav', sent.length);
      const looped = Buffer.concat([sent, sent, sent]);
      expect(looped.includes(got.subarray(0, sent.length))).toBe(true);
      await node.stop();
    });

    it('takes an RTP flow of ffmpeg and records it, bit for bit', async () => {
      const port = await freePort();
      const node = await startDistream(`
  flow:
    input: { type: rtp, source: "127.0.0.1:${port}", encoding: L16, buffer: 100ms }
    outputs:
      - { type: recorder, path: flow.wav, minFree: 1MiB }`);
      const sent = await noise(node.folder, 'sent.wav', 'pcm_s16le');
      const args = ['-v', 'error', '-re', '-i', join(node.folder, 'sent.wav'), '-c:a', 'pcm_s16be', '-f', 'rtp'];
      await run('ffmpeg', [...args, `rtp://127.0.0.1:${port}?pkt_size=972`]);
      await node.stream(({ inputs }) => inputs[0]!.state === 'silent');
      await node.stop();
      expect(audioOf(join(node.folder, 'flow.wav')).equals(sent)).toBe(true);
    });

    it('sends an RTP flow that ffmpeg plays from our description, bit for bit', async () => {
      const port = await freePort();
      const node = await startDistream(`
  flow:
    input: { type: wav, path: in.wav }
    outputs:
      - { type: rtp, address: 127.0.0.1, port: ${port}, announce: false, sdp: flow.sdp }`);
      const sent = await noise(node.folder, 'in.wav', 'pcm_s24le');
      const sdp = join(node.folder, 'flow.sdp');
      await until('the description', () => readFileSync(sdp, 'utf8'));
      const heard = join(node.folder, 'heard.wav');
      const input = ['-protocol_whitelist', 'file,udp,rtp', '-buffer_size', '4000000', '-i', sdp];
      const args = ['-v', 'error', ...input, '-t', '3', '-c:a', 'pcm_s24le'];
      const player = start('ffmpeg', [...args, heard]);
      expect(await player.exited, player.errors()).toBe(0);
      await node.stop();
      // Silence stands before the sound, and between it on a machine that does not keep up.
      const sound = soundOf(audioOf(heard), 24_000 * 6);
      expect(sound?.length).toBe(24_000 * 6);
      expect(Buffer.concat([sent, sent]).includes(sound!)).toBe(true);
    });

    it.each([
      ['mp3', 44_100],
      ['opus', 48_000],
    ])('encodes as %s for listeners, in time with the original', async (codec, rate) => {
      const node = await startDistream(`
  radio:
    input: { type: wav, path: in.wav }
    outputs:
      - { type: icecast, mount: /live, burst: 60s, encode: { codec: ${codec}, bitrate: 192kbit/s } }
      - { type: icecast, mount: /plain }`);
      await noise(node.folder, 'in.wav', 'pcm_s16le', 44_100);
      await node.stream(({ buffer }) => buffer.heldSeconds >= 3.5);
      const [encoded, plain] = await Promise.all([listen(node, '/live', 6 * 24_000), listen(node, '/plain', 1000)]);
      expect(headOf(plain).format).toMatchObject({ sampleRate: 44_100, channels: 2, bitsPerSample: 16 });
      const heard = await mono(encoded, ['-f', codec === 'mp3' ? 'mp3' : 'ogg'], rate);
      const original = await mono(readFileSync(join(node.folder, 'in.wav')), ['-f', 'wav'], rate);
      // The codec's delay, and little more.
      const { lag, likeness } = bestMatch(original, heard, rate);
      expect(likeness).toBeGreaterThan(0.9);
      expect(lag / rate).toBeLessThan(0.06);
      expect(heard.length / rate).toBeGreaterThan(3);
      await node.stop();
    });
  },
  { concurrent: true },
);

/** The first bytes that a listener gets, at least so many. */
async function listen(node: DistreamProcess, mount: string, bytes: number): Promise<Buffer> {
  const child = start('curl', ['-s', node.url + mount]);
  const chunks: Buffer[] = [];
  let got = 0;
  child.process.stdout!.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    got += chunk.length;
  });
  await until(mount, () => got >= bytes, 60_000);
  await child.stop();
  return Buffer.concat(chunks);
}

/** Decodes to one channel of floats. */
async function mono(bytes: Buffer, format: readonly string[], rate: number): Promise<Float32Array> {
  const args = ['-v', 'error', ...format, '-i', 'pipe:0', '-ac', '1', '-ar', String(rate), '-f', 'f32le', 'pipe:1'];
  const samples = await run('ffmpeg', args, bytes);
  return new Float32Array(samples.buffer.slice(samples.byteOffset, samples.byteOffset + (samples.length & ~3)));
}

/** How far `heard` is behind the original (from its beginning), in samples, and how alike they are there: 1 is the same. */
function bestMatch(original: Float32Array, heard: Float32Array, rate: number): { lag: number; likeness: number } {
  const from = rate;
  const count = rate / 2;
  let best = { lag: 0, likeness: -1 };
  for (let lag = 0; lag < rate / 10; lag++) {
    let cross = 0;
    let a = 0;
    let b = 0;
    for (let at = from; at < from + count; at += 3) {
      const x = original[at]!;
      const y = heard[at + lag]!;
      cross += x * y;
      a += x * x;
      b += y * y;
    }
    const likeness = cross / Math.sqrt(a * b || 1);
    if (likeness > best.likeness) best = { lag, likeness };
  }
  return best;
}
