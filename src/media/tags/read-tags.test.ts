import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTags, TAG_HEAD_BYTES } from './read-tags.ts';

function commentBlock(...comments: string[]): Buffer {
  const withLength = (text: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(Buffer.byteLength(text));
    return Buffer.concat([length, Buffer.from(text)]);
  };
  const count = Buffer.alloc(4);
  count.writeUInt32LE(comments.length);
  return Buffer.concat([withLength('vendor'), count, ...comments.map(withLength)]);
}

/** One Ogg page with the given lacing; the checksum is not looked at. */
function page(serial: number, lacing: number[], data: Buffer): Buffer {
  const head = Buffer.alloc(27);
  head.write('OggS');
  head.writeUInt32LE(serial, 14);
  head[26] = lacing.length;
  return Buffer.concat([head, Buffer.from(lacing), data]);
}

describe('readTags', () => {
  const comment = Buffer.concat([Buffer.from('OpusTags'), commentBlock('TITLE=Ocean', `ARTIST=${'m'.repeat(300)}`)]);
  const first = page(7, [19], Buffer.alloc(19, 1));

  it('puts an Ogg comment packet together over pages and past other streams', () => {
    const lacing = [255, comment.length - 255];
    const other = page(8, [5], Buffer.from('other'));
    const file = Buffer.concat([
      first,
      other,
      page(7, lacing.slice(0, 1), comment.subarray(0, 255)),
      other,
      page(7, lacing.slice(1), comment.subarray(255)),
    ]);
    expect(readTags(file)).toEqual({ title: 'Ocean', artist: 'm'.repeat(256) });
  });

  it('reads what is there of a comment packet that is longer than the head', () => {
    const file = Buffer.concat([first, page(7, [255], comment.subarray(0, 255))]);
    expect(readTags(file)).toEqual({ title: 'Ocean' });
  });

  it('reads the comment block of a FLAC file', () => {
    const block = commentBlock('TITLE=Ocean');
    const file = Buffer.concat([
      Buffer.from('fLaC'),
      Buffer.from([0, 0, 0, 3, 1, 1, 1]),
      Buffer.from([0x84, 0, 0, block.length]),
      block,
    ]);
    expect(readTags(file)).toEqual({ title: 'Ocean' });
  });

  it('takes ID3v1 where there is nothing better', () => {
    const end = Buffer.alloc(128);
    end.write('TAGOld title');
    expect(readTags(Buffer.from([0xff, 0xfb, 0x90, 0]), end)).toEqual({ title: 'Old title' });
    const id3v2 = Buffer.from('ID3\x03\0\0\0\0\0\x0dTIT2\0\0\0\x03\0\0\0ab', 'latin1');
    expect(readTags(id3v2, end)).toEqual({ title: 'ab' });
  });

  it('gives undefined without tags', () => {
    expect(readTags(Buffer.alloc(0))).toBeUndefined();
    expect(readTags(Buffer.concat([first, page(7, [8], Buffer.from('OpusTags'))]))).toBeUndefined();
  });

  it('looks at no more than the first 256 KiB', () => {
    const title = 'TIT2\0\0\0\x02\0\0\0x';
    const picture = (bytes: number) => {
      const start = Buffer.from('ID3\x03\0\0\x7f\x7f\x7f\x7fAPIC\0\0\0\0\0\0', 'latin1');
      start.writeUInt32BE(bytes, 14);
      return Buffer.concat([start, Buffer.alloc(bytes), Buffer.from(title, 'latin1')]);
    };
    expect(readTags(picture(TAG_HEAD_BYTES - 32))).toEqual({ title: 'x' });
    const body = picture(TAG_HEAD_BYTES - 31);
    expect(readTags(body)).toBeUndefined();
  });

  it('never throws on random bytes', () => {
    const magic = fc.constantFrom('OggS', 'fLaC', 'ID3\x04\0\0\0\0\0\0OggS', 'ID3\x03\0\x80\0\0\x7f\x7f');
    fc.assert(
      fc.property(magic, fc.uint8Array({ maxLength: 400 }), (start, bytes) => {
        readTags(Buffer.concat([Buffer.from(start, 'latin1'), bytes]), Buffer.from(bytes));
      }),
      { numRuns: 300 },
    );
  });
});
