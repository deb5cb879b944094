import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanText } from '../../core/text.ts';
import { decodeMetadataBlock, encodeMetadataBlock, MAX_METADATA_BYTES } from './metadata-block.ts';

const decoded = (text: string) => decodeMetadataBlock(Buffer.from(text, 'latin1'));

describe('encodeMetadataBlock', () => {
  it('writes the golden bytes', () => {
    const block = encodeMetadataBlock({ title: 'A - T', url: 'http://x' });
    expect(block.toString('latin1')).toBe(`\u0003StreamTitle='A - T';StreamUrl='http://x';${'\0'.repeat(7)}`);
    expect(encodeMetadataBlock({}).toString('latin1')).toBe(`\u0001StreamTitle='';\0`);
  });

  it('cuts a long title between characters and drops the link first', () => {
    const block = encodeMetadataBlock({ title: '日'.repeat(2000), url: 'http://x' });
    expect(block.length).toBeLessThanOrEqual(1 + MAX_METADATA_BYTES);
    expect(block[0]! * 16).toBe(block.length - 1);
    const { title, url } = decodeMetadataBlock(block.subarray(1));
    expect(title).toBe('日'.repeat(1355));
    expect(url).toBeUndefined();
  });

  it('lets no title add a field or a line', () => {
    const block = encodeMetadataBlock({ title: `a';StreamUrl='file:///etc\r\nX: y\0` });
    expect(decodeMetadataBlock(block.subarray(1)).url).toBeUndefined();
    expect(block.subarray(1).toString().split("';").length).toBe(2);
    expect(block.toString()).not.toMatch(/[\r\n]/);
  });
});

describe('decodeMetadataBlock', () => {
  it('takes quotes and delimiters inside a title', () => {
    expect(decoded(`StreamTitle='Guns N' Roses - Don't Cry';`)).toEqual({ title: "Guns N' Roses - Don't Cry" });
    expect(decoded(`StreamTitle='a';b';StreamUrl='u';\0\0`)).toEqual({ title: "a';b", url: 'u' });
    expect(decoded(`StreamTitle='';StreamUrl='';`)).toEqual({ title: '', url: '' });
  });

  it('takes broken endings and other charsets', () => {
    expect(decoded(`StreamTitle='open\0\0`)).toEqual({ title: 'open' });
    expect(decoded(`StreamTitle='open'`)).toEqual({ title: 'open' });
    expect(decoded(`streamtitle='Bj\xf6rk \x97 X';`)).toEqual({ title: 'Björk — X' });
    expect(decodeMetadataBlock(Buffer.from(`StreamTitle='Björk';`))).toEqual({ title: 'Björk' });
    expect(decoded('no field at all')).toEqual({});
  });

  it('gives back every clean title that holds no delimiter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const title = cleanText(text);
        fc.pre(!title.includes("';"));
        expect(decodeMetadataBlock(encodeMetadataBlock({ title }).subarray(1))).toEqual({ title });
      }),
      { numRuns: 200 },
    );
  });

  it('survives any bytes, quickly', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4080 }), (bytes) => {
        decodeMetadataBlock(Buffer.concat([Buffer.from("StreamTitle='"), bytes]));
      }),
      { numRuns: 200 },
    );
    expect(decoded(`StreamTitle='${"';".repeat(2000)}`).title).toBeDefined();
  });
});
