import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createFramer } from './detect.ts';
import type { Frame, Framer } from './framer.ts';

const fixture = (name: string) => readFileSync(new URL(`../../test/fixtures/audio/${name}`, import.meta.url));

function frame(bytes: Buffer, framer: Framer, step: number): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; at += step) frames.push(...framer.push(bytes.subarray(at, at + step)));
  return [...frames, ...framer.flush()];
}

const joined = (frames: Frame[]) => Buffer.concat(frames.map(({ data }) => data));

/** Blocks of 16 bytes: a number that counts up, then 8 constant bytes. */
function countingPattern(firstBlock: number, blocks: number, constant: Buffer): Buffer {
  const bytes = Buffer.alloc(blocks * 16);
  for (let i = 0; i < blocks; i++) {
    bytes.writeBigUInt64BE(BigInt(firstBlock + i), i * 16);
    constant.copy(bytes, i * 16 + 8);
  }
  return bytes;
}

const NETLAB = Buffer.from('0f4e45544c41420e', 'hex');
const FANOUT = Buffer.from('d746414e4f55549b', 'hex');

describe('the counting patterns are no audio', () => {
  it.each([
    [NETLAB, 1400],
    [NETLAB, 65536],
    [FANOUT, 1400],
  ])('passes on every byte (%#)', (constant, step) => {
    const bytes = countingPattern(1_700_000_123, 2000, constant);
    const framer = createFramer({ contentType: 'audio/mpeg' });
    const frames = frame(bytes, framer, step);
    expect(joined(frames)).toEqual(bytes);
    expect(frames[0]!.format).toMatchObject({ codec: 'opaque', contentType: 'audio/mpeg' });
    expect(framer.note).toBe(
      'sent as audio/mpeg, but no MPEG frames were found in the first 8 KiB; passed on unchanged',
    );
  });
});

describe('createFramer', () => {
  it.each([
    ['audio/mpeg', 'cbr-128k-44100.mp3', 'audio/mpeg'],
    ['Audio/MP3; rate=1', 'cbr-128k-44100.mp3', 'audio/mpeg'],
    ['audio/mpeg', 'lc-96k-44100.aac', 'audio/aac'],
    ['audio/aacp', 'lc-96k-44100.aac', 'audio/aac'],
    ['application/ogg', 'vbr-xing-id3.mp3', 'audio/mpeg'],
    [undefined, 'lc-96k-44100.aac', 'audio/aac'],
  ])('%s with %s is %s', (contentType, file, found) => {
    const frames = frame(fixture(file), createFramer({ contentType }), 1400);
    expect(frames.length).toBeGreaterThan(70);
    expect(frames[0]!.format.contentType).toBe(found);
  });
});
