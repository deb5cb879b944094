import { randomBytes } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { timeReferenceOf } from '../../src/media/wav/bext-chunk.ts';
import { WavHeadParser } from '../../src/media/wav/parse-head.ts';
import { frameBytesOf, type PcmFormat } from '../../src/media/wav/pcm-format.ts';
import { padBytes, WavHeadWriter } from '../../src/media/wav/write-head.ts';
import { describeWith } from './support/binaries.ts';
import { run } from './support/child.ts';

const folder = mkdtempSync(join(tmpdir(), 'distream-wav-'));
afterAll(() => rmSync(folder, { recursive: true }));

const START_MS = Date.UTC(2026, 10, 21, 9, 30, 15, 500);
const FORMATS: readonly PcmFormat[] = [16, 24].flatMap((bits) =>
  [1, 2, 8].map((channels) => ({
    sampleRate: 48_000,
    channels,
    bitsPerSample: bits as 16 | 24,
    isFloat: false,
  })),
);
const nameOf = ({ channels, bitsPerSample }: PcmFormat) => `${bitsPerSample} bit, ${channels} channels`;

function writerOf(format: PcmFormat): WavHeadWriter {
  return new WavHeadWriter({
    format,
    bext: {
      description: 'Take 1, clock error below 2 ms',
      originator: 'distream',
      originatorReference: 'take-1',
      startUtcMs: START_MS,
      timeReference: timeReferenceOf(START_MS, format.sampleRate),
      codingHistory: [`A=PCM,F=${format.sampleRate},W=${format.bitsPerSample},T=distream`],
    },
    trackNames: Array.from({ length: format.channels }, (_, index) => `track ${index + 1}`),
  });
}

/** Writes a file as a recorder does: the head, then audio, then the sizes. */
function record(name: string, format: PcmFormat, pcm: Buffer): string {
  const path = join(folder, name);
  const writer = writerOf(format);
  const file = openSync(path, 'wx+');
  writeSync(file, Buffer.concat([writer.head, pcm, Buffer.alloc(padBytes(pcm.length))]));
  for (const { offset, bytes } of writer.sizesAt(pcm.length)) writeSync(file, bytes, 0, bytes.length, offset);
  closeSync(file);
  return path;
}

function readHead(path: string) {
  const parser = new WavHeadParser({ fileBytes: statSync(path).size });
  const file = openSync(path, 'r');
  const block = Buffer.alloc(512);
  for (let at = 0; ; ) {
    const bytes = readSync(file, block, 0, block.length, at);
    const head = bytes > 0 ? parser.push(block.subarray(0, bytes)) : parser.end();
    at += bytes + parser.skippableBytes;
    parser.skip(parser.skippableBytes);
    if (!head) continue;
    closeSync(file);
    return head;
  }
}

interface Probe {
  readonly streams: readonly { codec_name: string; sample_rate: string; channels: number; duration_ts: number }[];
  readonly format: { readonly tags?: Record<string, string> };
}

async function probe(path: string): Promise<Probe> {
  const args = ['-v', 'error', '-show_streams', '-show_format', '-of', 'json', path];
  return JSON.parse((await run('ffprobe', args)).toString()) as Probe;
}

describeWith(['ffprobe', 'ffmpeg'], 'WAV files of ours, read by ffmpeg', () => {
  it.each(FORMATS.map((format) => [nameOf(format), format] as const))('%s', async (name, format) => {
    const frames = 4801;
    const pcm = randomBytes(frames * frameBytesOf(format));
    const path = record(`ours ${name}.wav`, format, pcm);
    const { streams, format: container } = await probe(path);
    expect(streams).toHaveLength(1);
    expect(streams[0]).toMatchObject({
      codec_name: `pcm_s${format.bitsPerSample}le`,
      sample_rate: '48000',
      channels: format.channels,
      duration_ts: frames,
    });
    expect(container.tags).toMatchObject({
      comment: 'Take 1, clock error below 2 ms',
      encoded_by: 'distream',
      originator_reference: 'take-1',
      date: '2026-11-21',
      creation_time: '09:30:15',
      time_reference: String(timeReferenceOf(START_MS, 48_000)),
      coding_history: expect.stringContaining(`W=${format.bitsPerSample}`),
    });
    const decoded = await run('ffmpeg', ['-v', 'error', '-i', path, '-f', `s${format.bitsPerSample}le`, '-']);
    expect(decoded.equals(pcm)).toBe(true);
  });

  it('crosses 4 GiB in a sparse file: the last sample is still found', async () => {
    const format = { sampleRate: 48_000, channels: 8, bitsPerSample: 24, isFloat: false } as const;
    const writer = writerOf(format);
    const path = join(folder, 'large.wav');
    const file = openSync(path, 'wx+');
    const frames = 48_000 * 75 * 60;
    const dataBytes = frames * 24;
    expect(dataBytes).toBeGreaterThan(2 ** 32);
    writeSync(file, writer.head);
    const before = 48_000 * 60 * 24;
    for (const { offset, bytes } of writer.sizesAt(before)) writeSync(file, bytes, 0, bytes.length, offset);
    ftruncateSync(file, writer.dataStart + before);
    expect((await probe(path)).streams[0]).toMatchObject({ duration_ts: 48_000 * 60 });
    ftruncateSync(file, writer.dataStart + dataBytes);
    const last = randomBytes(24 * 48_000);
    writeSync(file, last, 0, last.length, writer.dataStart + dataBytes - last.length);
    for (const { offset, bytes } of writer.sizesAt(dataBytes)) writeSync(file, bytes, 0, bytes.length, offset);
    closeSync(file);
    expect((await probe(path)).streams[0]).toMatchObject({ channels: 8, duration_ts: frames });
    expect(readHead(path)).toMatchObject({ container: 'RF64', frames, warnings: [] });
    const decoded = await run('ffmpeg', ['-v', 'error', '-ss', String(75 * 60 - 1), '-i', path, '-f', 's24le', '-']);
    expect(decoded.equals(last)).toBe(true);
    rmSync(path);
  });
});

describeWith(['sox'], 'WAV files of ours, read by sox', () => {
  it.each(FORMATS.map((format) => [nameOf(format), format] as const))('%s', async (name, format) => {
    const pcm = randomBytes(4801 * frameBytesOf(format));
    const path = record(`sox ${name}.wav`, format, pcm);
    const info = async (flag: string) => Number((await run('sox', ['--i', flag, path])).toString());
    expect(await info('-s')).toBe(4801);
    expect(await info('-c')).toBe(format.channels);
    expect(await info('-b')).toBe(format.bitsPerSample);
    expect(await info('-r')).toBe(48_000);
    const raw = ['-t', 'raw', '-e', 'signed', '-b', String(format.bitsPerSample), '-L', '-'];
    expect((await run('sox', ['-D', path, ...raw])).equals(pcm)).toBe(true);
  });
});

const SOUND = ['-v', 'error', '-f', 'lavfi', '-i', 'aevalsrc=0.5*sin(900*t)|0.4*sin(700*t)|0.1*t:s=44100:d=0.5'];

describeWith(['ffmpeg'], 'WAV files of ffmpeg, read by us', () => {
  it.each([
    ['16 bit stereo', 'pcm_s16le', '2', []],
    ['24 bit, three channels', 'pcm_s24le', '3', []],
    ['32 bit', 'pcm_s32le', '1', []],
    ['float', 'pcm_f32le', '2', []],
    ['RF64', 'pcm_s24le', '2', ['-rf64', 'always']],
    [
      'bext',
      'pcm_s16le',
      '1',
      ['-write_bext', '1', '-metadata', 'description=A day', '-metadata', 'time_reference=99'],
    ],
  ] as const)('%s', async (name, codec, channels, options) => {
    const path = join(folder, `ffmpeg ${name}.wav`);
    await run('ffmpeg', [...SOUND, '-ac', channels, '-c:a', codec, ...options, path]);
    const head = readHead(path);
    expect(head).toMatchObject({
      frames: 22_050,
      warnings: [],
      format: { channels: Number(channels), sampleRate: 44_100 },
    });
    expect(head.format.isFloat).toBe(name === 'float');
    expect(head.container).toBe(name === 'RF64' ? 'RF64' : 'RIFF');
    if (name === 'bext') expect(head.bext).toMatchObject({ description: 'A day', timeReference: 99 });
    const raw = await run('ffmpeg', ['-v', 'error', '-i', path, '-f', codec.slice(4), '-']);
    expect(
      readFileSync(path)
        .subarray(head.dataStart, head.dataStart + head.dataBytes)
        .equals(raw),
    ).toBe(true);
  });

  it('a file that was written to a pipe, without sizes', async () => {
    const piped = await run('ffmpeg', [...SOUND, '-ac', '2', '-c:a', 'pcm_s16le', '-f', 'wav', '-']);
    const head = new WavHeadParser({ fileBytes: piped.length }).push(piped);
    expect(head).toMatchObject({ frames: 22_050, warnings: [expect.stringContaining('how long')] });
  });

  it.each([
    ['A-law', 'pcm_alaw', 'wav'],
    ['ADPCM', 'adpcm_ms', 'wav'],
    ['8 bit', 'pcm_u8', 'wav'],
    ['64 bit', 'pcm_f64le', 'wav'],
    ['AIFF', 'pcm_s16be', 'aiff'],
    ['Wave64', 'pcm_s16le', 'w64'],
    ['FLAC', 'flac', 'flac'],
  ])('refuses %s by name', async (name, codec, container) => {
    const path = join(folder, `foreign ${name}.${container}`);
    await run('ffmpeg', [...SOUND, '-ac', '1', '-c:a', codec, '-f', container, path]);
    expect(() => readHead(path)).toThrow(name);
  });
});

describeWith(['sox'], 'WAV files of sox, read by us', () => {
  it.each([
    ['16', '1', 'signed'],
    ['24', '2', 'signed'],
    ['24', '8', 'signed'],
    ['32', '2', 'floating-point'],
  ])('%s bit, %s channels, %s', async (bits, channels, encoding) => {
    const path = join(folder, `made ${bits} ${channels} ${encoding}.wav`);
    const shape = ['-r', '48000', '-c', channels, '-b', bits, '-e', encoding];
    await run('sox', ['-n', ...shape, path, 'synth', '0.25', 'sine', '440']);
    const head = readHead(path);
    expect(head).toMatchObject({
      frames: 12_000,
      warnings: [],
      format: { channels: Number(channels), bitsPerSample: Number(bits) },
    });
    expect(head.format.isFloat).toBe(encoding === 'floating-point');
  });
});
