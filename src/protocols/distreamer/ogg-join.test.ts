import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut } from '../../../test/support/portions.ts';
import { OggJoin } from './ogg-join.ts';

function page(serial: number, sequence: number, body: Buffer, flags = 0): Buffer {
  const segments = Math.floor(body.length / 255) + 1;
  const head = Buffer.alloc(27 + segments, 255);
  head.fill(0, 0, 27).write('OggS', 'latin1');
  head[5] = flags;
  head.writeUInt32LE(serial, 14);
  head.writeUInt32LE(sequence, 18);
  head[26] = segments;
  head[26 + segments] = body.length % 255;
  return Buffer.concat([head, body]);
}

const headers = Buffer.concat([page(7, 0, Buffer.from('id'), 2), page(7, 1, Buffer.alloc(600, 1))]);
const audio = [2, 3, 4].map((sequence) => page(7, sequence, Buffer.alloc(300 * sequence, sequence)));

/** What comes out when `bytes` come in those portions. */
function join(bytes: Buffer, sizes: readonly number[]): Buffer {
  const out: Buffer[] = [];
  let joining: OggJoin | undefined = new OggJoin(headers);
  for (const portion of cut(bytes, sizes)) {
    const parts: Buffer[] | undefined = joining ? joining.push(portion) : [portion];
    if (!parts) continue;
    joining = undefined;
    out.push(...parts);
  }
  return Buffer.concat(out);
}

describe('joining Ogg', () => {
  it.each([
    ['in the middle of a page', Buffer.concat([Buffer.alloc(99, 9), ...audio]), Buffer.concat([headers, ...audio])],
    ['at the first page', Buffer.concat([headers, ...audio]), Buffer.concat([headers, ...audio])],
    ['inside the header pages', Buffer.concat([headers.subarray(20), ...audio]), Buffer.concat([headers, ...audio])],
    [
      'inside the last header page',
      Buffer.concat([headers.subarray(99), ...audio]),
      Buffer.concat([headers, ...audio]),
    ],
    [
      'before another link',
      Buffer.concat([Buffer.alloc(50, 9), page(8, 0, Buffer.from('x'), 2), page(8, 1, Buffer.from('y'))]),
      Buffer.concat([page(8, 0, Buffer.from('x'), 2), page(8, 1, Buffer.from('y'))]),
    ],
    [
      'after a false capture pattern',
      Buffer.concat([Buffer.from('OggSOggS'), Buffer.alloc(40, 3), ...audio]),
      Buffer.concat([headers, ...audio]),
    ],
    ['where no page is', Buffer.alloc(5000, 9), Buffer.alloc(0)],
  ])('%s gives headers once and whole pages', (_, bytes, wanted) => {
    for (const size of [1, 2, 3, 7, 26, 27, 28, 255, 1000, 100_000]) expect(join(bytes, [size])).toEqual(wanted);
  });

  it('gives the same whatever the portions, and ends on random bytes', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(...audio, headers, Buffer.from('OggS'), page(9, 5, Buffer.from('other'))),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 700 })), (parts, sizes) => {
        const bytes = Buffer.concat(parts);
        expect(join(bytes, sizes).equals(join(bytes, [bytes.length]))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('is of no use with headers that are no pages', () => {
    expect(new OggJoin(Buffer.from('nonsense')).usable).toBe(false);
    expect(new OggJoin(Buffer.alloc(0)).usable).toBe(false);
    expect(new OggJoin(headers).usable).toBe(true);
  });
});
