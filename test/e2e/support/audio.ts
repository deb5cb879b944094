import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './child.ts';

/** How a codec is made and sent by ffmpeg. */
export interface TestCodec {
  readonly name: string;
  readonly encode: readonly string[];
  readonly container: string;
  readonly contentType: string;
  readonly extension: string;
  /** Hz of the decoded audio. */
  readonly rate: number;
}

/** The codecs that go through distream in the tests. */
export const CODECS: readonly TestCodec[] = [
  {
    name: 'MP3',
    encode: ['-c:a', 'libmp3lame', '-b:a', '128k'],
    container: 'mp3',
    contentType: 'audio/mpeg',
    extension: 'mp3',
    rate: 44_100,
  },
  {
    name: 'MP3 VBR',
    encode: ['-c:a', 'libmp3lame', '-q:a', '2'],
    container: 'mp3',
    contentType: 'audio/mpeg',
    extension: 'mp3',
    rate: 44_100,
  },
  {
    name: 'AAC',
    // Without noise substitution (PNS): what a decoder makes up for it depends on where it joined.
    encode: ['-c:a', 'aac', '-aac_pns', '0', '-b:a', '96k'],
    container: 'adts',
    contentType: 'audio/aac',
    extension: 'aac',
    rate: 44_100,
  },
  {
    name: 'Vorbis',
    encode: ['-c:a', 'libvorbis', '-q:a', '4'],
    container: 'ogg',
    contentType: 'application/ogg',
    extension: 'ogg',
    rate: 44_100,
  },
  {
    name: 'Opus',
    encode: ['-c:a', 'libopus', '-b:a', '96k'],
    container: 'ogg',
    contentType: 'application/ogg',
    extension: 'ogg',
    rate: 48_000,
  },
  {
    name: 'FLAC',
    encode: ['-c:a', 'flac'],
    container: 'ogg',
    contentType: 'application/ogg',
    extension: 'ogg',
    rate: 44_100,
  },
  {
    name: 'FLAC without Ogg',
    encode: ['-c:a', 'flac'],
    container: 'flac',
    contentType: 'audio/flac',
    extension: 'flac',
    rate: 44_100,
  },
  {
    name: 'Opus in WebM',
    encode: ['-c:a', 'libopus', '-b:a', '96k'],
    container: 'webm',
    contentType: 'audio/webm',
    extension: 'webm',
    rate: 48_000,
  },
  {
    name: 'Vorbis in WebM',
    encode: ['-c:a', 'libvorbis', '-q:a', '4'],
    container: 'webm',
    contentType: 'audio/webm',
    extension: 'webm',
    rate: 44_100,
  },
];

/** Encodes `seconds` of sound that never repeats (a rising tone and noise) and gives the file's path. */
export async function makeAudio(codec: TestCodec, seconds: number): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'distream-audio-')), `test.${codec.extension}`);
  const sound = `aevalsrc=0.3*sin(2*PI*(220+15*t)*t)+0.05*(random(0)-0.5)|0.3*sin(2*PI*(330+9*t)*t)+0.05*(random(1)-0.5):d=${seconds}:s=${codec.rate}`;
  await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', sound, ...codec.encode, '-f', codec.container, path]);
  return path;
}

/** Decodes to 16-bit stereo samples by ffmpeg, whatever the container. */
export async function decode(encoded: Buffer | string, codec: TestCodec): Promise<Buffer> {
  let path = encoded as string;
  if (Buffer.isBuffer(encoded)) {
    path = join(mkdtempSync(join(tmpdir(), 'distream-heard-')), `heard.${codec.extension}`);
    writeFileSync(path, encoded);
  }
  const args = ['-v', 'fatal', '-f', codec.container === 'adts' ? 'aac' : codec.container, '-i', path];
  return run('ffmpeg', [...args, '-f', 's16le', '-ac', '2', '-ar', String(codec.rate), '-']);
}

const FRAME_BYTES = 4;

/**
 * Checks that what was heard is one run of the original without a gap, a repeat or another sample. The first
 * `skipMs` and the last 100 ms are left out, where a decoder that joins or stops in the middle differs.
 * @returns seconds that were compared and are equal; the first difference is in `differs`
 */
export function compareAudio(
  original: Buffer,
  heard: Buffer,
  rate: number,
  skipMs: number,
): { seconds: number; differs: string } {
  const perMs = (rate * FRAME_BYTES) / 1000;
  const start = Math.round((skipMs * perMs) / FRAME_BYTES) * FRAME_BYTES;
  const end = heard.length - Math.round((100 * perMs) / FRAME_BYTES) * FRAME_BYTES;
  if (end - start < 8192) return { seconds: 0, differs: `only ${heard.length} bytes were heard` };
  const probe = heard.subarray(start, start + 4096);
  const at = original.indexOf(probe);
  if (at < 0) return { seconds: 0, differs: 'the beginning is not in the original' };
  const expected = original.subarray(at, at + end - start);
  const got = heard.subarray(start, start + expected.length);
  const seconds = got.length / (rate * FRAME_BYTES);
  if (expected.equals(got)) return { seconds, differs: '' };
  let byte = 0;
  while (expected[byte] === got[byte]) byte++;
  return {
    seconds: byte / (rate * FRAME_BYTES),
    differs: `differs after ${(byte / (rate * FRAME_BYTES)).toFixed(3)} s`,
  };
}

/** A file's bytes. */
export const bytesOf = (path: string): Buffer => readFileSync(path);
