import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { id3v2Length, parseId3v1, parseId3v2 } from './id3.ts';

function synchsafe(size: number): Buffer {
  return Buffer.from([(size >> 21) & 0x7f, (size >> 14) & 0x7f, (size >> 7) & 0x7f, size & 0x7f]);
}

function tag(major: number, body: Buffer, flags = 0): Buffer {
  return Buffer.concat([Buffer.from('ID3'), Buffer.from([major, 0, flags]), synchsafe(body.length), body]);
}

/** A frame of 2.2 (id of three letters), 2.3 or 2.4. */
function frame(major: number, id: string, content: Buffer, format = 0): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(content.length);
  if (major === 2) return Buffer.concat([Buffer.from(id), size.subarray(1), content]);
  const written = major === 4 ? synchsafe(content.length) : size;
  return Buffer.concat([Buffer.from(id), written, Buffer.from([0, format]), content]);
}

function text(encoding: number, value: string): Buffer {
  const utf16 = Buffer.from(value, 'utf16le');
  const bytes = [
    () => Buffer.from(value, 'latin1'),
    () => Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
    () => Buffer.from(utf16).swap16(),
    () => Buffer.from(value, 'utf8'),
  ][encoding]!();
  return Buffer.concat([Buffer.from([encoding]), bytes]);
}

const titleOf = (tagBytes: Buffer) => parseId3v2(tagBytes)?.title;

describe('parseId3v2', () => {
  it('reads artist and title of each version', () => {
    const wanted = { artist: 'Anna', title: 'Meer' };
    expect(
      parseId3v2(tag(2, Buffer.concat([frame(2, 'TP1', text(0, 'Anna')), frame(2, 'TT2', text(0, 'Meer'))]))),
    ).toEqual(wanted);
    for (const major of [3, 4]) {
      const other = frame(major, 'APIC', Buffer.alloc(300, 0xff));
      const body = Buffer.concat([other, frame(major, 'TIT2', text(0, 'Meer')), frame(major, 'TPE1', text(0, 'Anna'))]);
      expect(parseId3v2(tag(major, Buffer.concat([body, Buffer.alloc(50)])))).toEqual(wanted);
    }
  });

  it('reads every encoding', () => {
    for (const encoding of [0, 1, 2, 3]) {
      expect(titleOf(tag(4, frame(4, 'TIT2', text(encoding, 'Grün\0'))))).toBe('Grün');
    }
    const bigEndianMark = Buffer.concat([Buffer.from([1, 0xfe, 0xff]), Buffer.from('日本', 'utf16le').swap16()]);
    expect(titleOf(tag(3, frame(3, 'TIT2', bigEndianMark)))).toBe('日本');
  });

  it('reads UTF-8 and Windows-1252 that are declared as Latin-1', () => {
    const content = (bytes: Buffer) => Buffer.concat([Buffer.from([0]), bytes]);
    expect(titleOf(tag(3, frame(3, 'TIT2', content(Buffer.from('Grün – ö')))))).toBe('Grün – ö');
    expect(titleOf(tag(3, frame(3, 'TIT2', content(Buffer.from([0x41, 0x96, 0x42])))))).toBe('A–B');
  });

  it('joins several artists', () => {
    expect(parseId3v2(tag(4, frame(4, 'TPE1', text(3, 'A\0B\0\0C'))))).toEqual({ artist: 'A, B, C' });
    expect(parseId3v2(tag(4, frame(4, 'TPE1', text(1, 'A\0B'))))).toEqual({ artist: 'A, B' });
  });

  it('undoes unsynchronisation of the whole tag (2.3) and of a frame (2.4)', () => {
    const plain = text(1, 'ÿa'); // holds FF FE FF 00
    const body = frame(3, 'TIT2', plain);
    const stuffed = Buffer.from(body.toString('latin1').replace(/\xff/g, '\xff\0'), 'latin1');
    expect(titleOf(tag(3, stuffed, 0x80))).toBe('ÿa');
    const stuffedText = Buffer.from(plain.toString('latin1').replace(/\xff/g, '\xff\0'), 'latin1');
    expect(titleOf(tag(4, frame(4, 'TIT2', stuffedText, 0x02)))).toBe('ÿa');
    expect(titleOf(tag(4, frame(4, 'TIT2', stuffedText), 0x80))).toBe('ÿa');
  });

  it('skips an extended header, group bytes and a data length', () => {
    const title = frame(3, 'TIT2', text(0, 'x'));
    expect(titleOf(tag(3, Buffer.concat([Buffer.from([0, 0, 0, 6, 0, 0, 0, 0, 0, 0]), title]), 0x40))).toBe('x');
    expect(
      titleOf(tag(4, Buffer.concat([Buffer.from([0, 0, 0, 6, 1, 0]), frame(4, 'TIT2', text(0, 'y'))]), 0x40)),
    ).toBe('y');
    const around = Buffer.concat([Buffer.from([9, 0, 0, 0, 2]), text(0, 'z')]);
    expect(titleOf(tag(4, frame(4, 'TIT2', around, 0x41)))).toBe('z');
    expect(titleOf(tag(3, frame(3, 'TIT2', Buffer.concat([Buffer.from([7]), text(0, 'w')]), 0x20)))).toBe('w');
  });

  it('leaves out compressed and encrypted frames', () => {
    expect(parseId3v2(tag(3, frame(3, 'TIT2', text(0, 'x'), 0x80)))).toBeUndefined();
    expect(parseId3v2(tag(4, frame(4, 'TIT2', text(0, 'x'), 0x04)))).toBeUndefined();
  });

  it('reads 2.4 tags whose sizes were written plainly', () => {
    const long = text(0, 'a'.repeat(200));
    const plainSize = Buffer.concat([Buffer.from('TIT2'), Buffer.from([0, 0, 0, long.length, 0, 0]), long]);
    const picture = Buffer.concat([Buffer.from('APIC'), Buffer.from([0, 0, 1, 2, 0, 0]), Buffer.alloc(258, 7)]);
    const body = Buffer.concat([picture, plainSize, frame(4, 'TPE1', text(0, 'b')), Buffer.alloc(9)]);
    expect(parseId3v2(tag(4, body))).toEqual({ title: 'a'.repeat(200), artist: 'b' });
  });

  it('is not led astray by hostile sizes', () => {
    const claims = Buffer.concat([Buffer.from('ID3'), Buffer.from([4, 0, 0, 0x7f, 0x7f, 0x7f, 0x7f])]);
    expect(id3v2Length(claims)).toBe(0x0fffffff + 10);
    expect(parseId3v2(Buffer.concat([claims, frame(4, 'TIT2', text(0, 'x'))]))).toEqual({ title: 'x' });
    expect(id3v2Length(Buffer.from([0x49, 0x44, 0x33, 3, 0, 0, 0x80, 0, 0, 1]))).toBe(0);
    const huge = Buffer.concat([Buffer.from('TIT2'), Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0]), text(0, 'x')]);
    expect(parseId3v2(tag(3, huge))).toBeUndefined();
    expect(parseId3v2(tag(3, Buffer.from([0xff, 0xff, 0xff, 0xff]), 0x40))).toBeUndefined();
    expect(parseId3v2(tag(2, frame(2, 'TT2', text(0, 'x')), 0x40))).toBeUndefined();
  });

  it('reads the title of a tag that is cut anywhere, or nothing', () => {
    const whole = tag(3, Buffer.concat([frame(3, 'TIT2', text(1, 'title')), frame(3, 'TPE1', text(0, 'artist'))]));
    for (let end = 0; end < whole.length; end++) {
      expect([undefined, { title: 'title' }]).toContainEqual(parseId3v2(whole.subarray(0, end)));
    }
  });

  it('never throws on random bytes and bounds its texts', () => {
    const randomFrame = fc
      .tuple(fc.constantFrom('TIT2', 'TPE1', 'TT2', 'APIC'), fc.uint8Array({ maxLength: 80 }))
      .map(([id, content]) => Buffer.concat([Buffer.from(id), content]));
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }),
        fc.integer({ min: 0, max: 255 }),
        fc.array(randomFrame),
        (major, flags, parts) => {
          const tags = parseId3v2(tag(major, Buffer.concat(parts), flags));
          expect((tags?.title ?? '').length).toBeLessThanOrEqual(512);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('parseId3v1', () => {
  function id3v1(title: string, artist: string): Buffer {
    const bytes = Buffer.alloc(128);
    bytes.write(`TAG${title.padEnd(30, ' ')}${artist.padEnd(30, '\0')}`, 'latin1');
    return bytes;
  }

  it('reads the last 128 bytes', () => {
    const end = Buffer.concat([Buffer.alloc(77, 0x55), id3v1('Caf\xe9', 'Anna')]);
    expect(parseId3v1(end)).toEqual({ title: 'Café', artist: 'Anna' });
    expect(parseId3v1(id3v1('', 'Anna'))).toEqual({ artist: 'Anna' });
  });

  it('gives nothing without a tag or text', () => {
    expect(parseId3v1(id3v1('', ''))).toBeUndefined();
    expect(parseId3v1(Buffer.alloc(128))).toBeUndefined();
    expect(parseId3v1(id3v1('a', 'b').subarray(1))).toBeUndefined();
  });
});
