import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metadataOfTags } from './tags.ts';
import { parseCommentBlock, parseVorbisComment } from './vorbis-comment.ts';

function lengthOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function withLength(content: Buffer): Buffer {
  return Buffer.concat([lengthOf(content.length), content]);
}

function block(comments: (string | Buffer)[], count = comments.length): Buffer {
  const entries = comments.map((comment) => withLength(Buffer.from(comment)));
  return Buffer.concat([withLength(Buffer.from('a vendor')), lengthOf(count), ...entries]);
}

const opus = (...comments: (string | Buffer)[]) => Buffer.concat([Buffer.from('OpusTags'), block(comments)]);

describe('parseVorbisComment', () => {
  const comments = ['TITLE=Ocean', 'artist=Anna Meer', 'ALBUM=Water'];

  it('reads the comment headers of Vorbis, Opus and FLAC', () => {
    const wanted = { artist: 'Anna Meer', title: 'Ocean' };
    const vorbis = Buffer.concat([Buffer.from('\x03vorbis', 'latin1'), block(comments), Buffer.from([1])]);
    const flac = Buffer.concat([Buffer.from([0x84, 0, 0, 77]), block(comments)]);
    expect(parseVorbisComment(vorbis)).toEqual(wanted);
    expect(parseVorbisComment(opus(...comments))).toEqual(wanted);
    expect(parseVorbisComment(flac)).toEqual(wanted);
  });

  it('gives nothing for other packets', () => {
    for (const packet of [Buffer.alloc(0), Buffer.from('OpusHead1234567890'), Buffer.from('\x01vorbis12345678')]) {
      expect(parseVorbisComment(packet)).toEqual({});
    }
  });

  it('joins several artists, leaves out repeated and empty ones and any beyond four', () => {
    const artists = ['A', 'B', 'A', '', 'C', 'D', 'E'].map((name) => `ARTIST=${name}`);
    expect(parseVorbisComment(opus(...artists))).toEqual({ artist: 'A, B, C, D' });
  });

  it('keeps "=" in values, cleans control characters and reads Windows-1252 that is no UTF-8', () => {
    expect(parseVorbisComment(opus('TITLE=a=b\r\nInjected: x'))).toEqual({ title: 'a=b Injected: x' });
    expect(parseVorbisComment(opus(Buffer.from('TITLE=Caf\xe9', 'latin1')))).toEqual({ title: 'Café' });
  });

  it('bounds a text without splitting its characters', () => {
    const { title } = parseVorbisComment(opus(`TITLE=x${'ä'.repeat(100_000)}`));
    expect(title).toBe(`x${'ä'.repeat(255)}`);
  });

  it('reads what is before a damage', () => {
    const whole = opus('TITLE=first', 'ARTIST=second');
    for (let end = 0; end < whole.length; end++) {
      const tags = parseVorbisComment(whole.subarray(0, end));
      expect([{}, { title: 'first' }]).toContainEqual(tags);
    }
  });

  it('is not led astray by absurd counts and lengths', () => {
    expect(parseCommentBlock(block(['TITLE=x'], 0xffffffff))).toEqual({ title: 'x' });
    expect(parseCommentBlock(Buffer.alloc(100, 0xff))).toEqual({});
  });

  it('never throws on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom('OpusTags', '\x03vorbis', ''), (bytes, magic) => {
        const tags = parseVorbisComment(Buffer.concat([Buffer.from(magic, 'latin1'), bytes]));
        expect(tags.title?.length ?? 0).toBeLessThanOrEqual(512);
      }),
      { numRuns: 300 },
    );
  });
});

describe('metadataOfTags', () => {
  it('joins artist and title for display', () => {
    expect(metadataOfTags({ artist: 'A', title: 'T' })).toEqual({ title: 'A - T', artist: 'A' });
    expect(metadataOfTags({ title: 'T' })).toEqual({ title: 'T' });
    expect(metadataOfTags({ artist: 'A' })).toEqual({ title: 'A', artist: 'A' });
    expect(metadataOfTags({})).toBeUndefined();
    expect(metadataOfTags(undefined)).toBeUndefined();
  });
});
