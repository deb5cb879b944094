import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, portionings } from '../../../test/support/portions.ts';
import { IcyDeinterleaver } from './deinterleaver.ts';
import { interleave, nextPosition } from './interleaver.ts';
import { encodeMetadataBlock, UNCHANGED_BLOCK } from './metadata-block.ts';
import { parseMetaint } from './metaint.ts';

function takeApart(metaint: number, portions: Buffer[]) {
  const audio: Buffer[] = [];
  const titles: [number, string][] = [];
  const deinterleaver = new IcyDeinterleaver(metaint, {
    audio: (data) => audio.push(data),
    metadata: (text, position) => titles.push([position, text.toString('latin1').replace(/\0+$/, '')]),
  });
  for (const portion of portions) deinterleaver.push(portion);
  return { audio: Buffer.concat(audio), titles };
}

describe('IcyDeinterleaver', () => {
  it('finds audio and titles however the bytes are cut', () => {
    const bytes = Buffer.concat([
      Buffer.from('abcd'),
      encodeMetadataBlock({ title: 'one' }),
      Buffer.from('efgh'),
      UNCHANGED_BLOCK,
      Buffer.from('ijkl'),
      encodeMetadataBlock({ title: 'two' }),
      Buffer.from('mn'),
    ]);
    for (const portions of portionings(bytes)) {
      expect(takeApart(4, portions)).toEqual({
        audio: Buffer.from('abcdefghijklmn'),
        titles: [
          [4, "StreamTitle='one';"],
          [12, "StreamTitle='two';"],
        ],
      });
    }
  });

  it('gives all as audio without a metaint', () => {
    expect(takeApart(0, [Buffer.from('ab'), Buffer.from('c')])).toEqual({ audio: Buffer.from('abc'), titles: [] });
  });

  it('waits for a block that never comes without harm', () => {
    expect(takeApart(1, [Buffer.from([65, 255, 1, 2])]).titles).toEqual([]);
  });
});

describe('interleave', () => {
  it('puts a due block before the byte whose title it tells', () => {
    const offsets: number[] = [];
    const result = interleave(Buffer.from('abcdefgh'), 2, 3, (offset) => {
      offsets.push(offset);
      return UNCHANGED_BLOCK;
    });
    expect(result.toString('latin1')).toBe('a\0bcd\0efg\0h');
    expect(offsets).toEqual([1, 4, 7]);
    expect(nextPosition(2, 8, 3)).toBe(1);
    expect(interleave(Buffer.from('ab'), 3, 3, () => UNCHANGED_BLOCK).toString('latin1')).toBe('\0ab');
    expect(nextPosition(0, 3, 3)).toBe(3);
    expect(nextPosition(3, 0, 3)).toBe(3);
  });

  it('copies nothing when no block falls into the audio', () => {
    const audio = Buffer.from('abc');
    expect(interleave(audio, 0, 3, () => UNCHANGED_BLOCK)).toBe(audio);
    expect(interleave(Buffer.alloc(0), 3, 3, () => UNCHANGED_BLOCK).length).toBe(0);
  });

  it('is undone by the deinterleaver for any portions on either side', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 500 }),
        fc.integer({ min: 1, max: 60 }),
        sizes,
        sizes,
        (bytes, metaint, sent, read) => {
          const audio = Buffer.from(bytes);
          let position = 0;
          let sentBytes = 0;
          const expected: [number, string][] = [];
          const wire = cut(audio, sent).map((portion) => {
            const start = sentBytes;
            const result = interleave(portion, position, metaint, (offset) => {
              expected.push([start + offset, `StreamTitle='${start + offset}';`]);
              return encodeMetadataBlock({ title: String(start + offset) });
            });
            position = nextPosition(position, portion.length, metaint);
            sentBytes += portion.length;
            return result;
          });
          const result = takeApart(metaint, cut(Buffer.concat(wire), read));
          expect(result.audio.equals(audio)).toBe(true);
          expect(result.titles).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('parseMetaint', () => {
  it('takes sensible numbers only', () => {
    expect(parseMetaint('16000')).toBe(16000);
    for (const absurd of ['0', '-1', '2147483648', 'text', '', '1048577', '16e3', ' 8']) {
      expect(parseMetaint(absurd)).toBe(0);
    }
    expect(parseMetaint(undefined)).toBe(0);
  });
});
