import { describe, expect, it } from 'vitest';
import { FragmentSource, patternBytes } from '../../test/support/frames.ts';
import { FragmentBuffer } from './fragment-buffer.ts';

/** Fragments of 500 ms and 1,600 bytes. */
function filled(limits: { keepMs: number; maxBytes: number }, count: number) {
  const buffer = new FragmentBuffer(limits);
  const source = new FragmentSource();
  for (let index = 0; index < count; index++) buffer.append(source.next());
  return { buffer, source };
}

describe('FragmentBuffer', () => {
  it('keeps the newest audio, and the fragment that reaches back to the bound whole', () => {
    const { buffer } = filled({ keepMs: 1200, maxBytes: 1e9 }, 10);
    expect([buffer.oldest?.sequence, buffer.newest?.sequence, buffer.count]).toEqual([8, 10, 3]);
    expect([buffer.heldMs, buffer.bytes]).toEqual([1500, 4800]);
  });

  it('keeps no more bytes than it may, but always the newest fragment', () => {
    expect(filled({ keepMs: 60_000, maxBytes: 5000 }, 10).buffer.bytes).toBe(4800);
    expect(filled({ keepMs: 60_000, maxBytes: 10 }, 10).buffer.count).toBe(1);
  });

  it('tells of an evicted fragment by giving none', () => {
    const { buffer } = filled({ keepMs: 5000, maxBytes: 1e9 }, 1000);
    expect(buffer.oldest?.sequence).toBe(991);
    expect(buffer.get(990)).toBeUndefined();
    expect(buffer.get(1001)).toBeUndefined();
    for (let sequence = 991; sequence <= 1000; sequence++) {
      expect(buffer.get(sequence)?.data.equals(patternBytes((sequence - 1) * 1600, sequence * 1600))).toBe(true);
    }
  });

  it('finds the fragment that plays at a time', () => {
    const { buffer } = filled({ keepMs: 5000, maxBytes: 1e9 }, 20);
    expect(buffer.at(7_200_000)?.sequence).toBe(15);
    expect(buffer.at(7_500_000)?.sequence).toBe(16);
    expect(buffer.at(0)?.sequence).toBe(11);
    expect(buffer.at(1e12)?.sequence).toBe(20);
    expect(new FragmentBuffer({ keepMs: 1, maxBytes: 1 }).at(0)).toBeUndefined();
  });

  it('gives all from a sequence on, oldest first', () => {
    const { buffer } = filled({ keepMs: 2000, maxBytes: 1e9 }, 20);
    const from = (sequence: number) => Array.from(buffer.from(sequence), (fragment) => fragment.sequence);
    expect(from(19)).toEqual([19, 20]);
    expect(from(1)).toEqual([17, 18, 19, 20]);
    expect(from(21)).toEqual([]);
  });

  it('refuses a fragment that does not follow', () => {
    const { buffer, source } = filled({ keepMs: 2000, maxBytes: 1e9 }, 3);
    source.next();
    expect(() => buffer.append(source.next())).toThrow(RangeError);
  });

  it('bounds the number of fragments that hold next to nothing', () => {
    const { buffer } = filled({ keepMs: 60_000, maxBytes: 1e9 }, 1);
    const newest = buffer.newest!;
    for (let count = 0; count < 210_000; count++) {
      buffer.append({ ...newest, sequence: newest.sequence + count + 1, mediaTimeUs: newest.mediaTimeUs + count });
    }
    expect(buffer.count).toBe(200_000);
  });
});
