import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanText, decodeText } from './text.ts';

describe('cleanText', () => {
  it.each([
    ['Artist - Title', 'Artist - Title'],
    ['  two   spaces\u00a0here ', 'two spaces here'],
    ['a\r\nSet-Cookie: b', 'a Set-Cookie: b'],
    ['tab\there\0nul\u001b[2J', 'tab here nul [2J'],
    ['c1 \u009b31m del\u007f', 'c1 31m del'],
    ['line\u2028para\u2029end', 'line para end'],
    ['evil\u202egpj.exe', 'evilgpj.exe'],
    ['\u2066iso\u2069late\u200b\ufeff\u2060', 'isolate'],
    ['\ud83d\ude00 ok \ud83d alone \ude00', '\ud83d\ude00 ok alone'],
    ['می\u200cخواهم', 'می\u200cخواهم'],
    ['', ''],
    ['\r\n\t', ''],
  ])('%j becomes %j', (text, expected) => {
    expect(cleanText(text)).toBe(expected);
  });

  it('bounds by code points and never splits a pair', () => {
    expect(cleanText('a\ud83d\ude00\ud83d\ude00', 2)).toBe('a\ud83d\ude00');
    expect(cleanText('x'.repeat(5000))).toHaveLength(1024);
    expect(cleanText('\ud83d\ude00'.repeat(2000))).toHaveLength(2048);
    expect(cleanText('ab cd', 3)).toBe('ab');
  });

  it('gives one line without controls for any text, and is idempotent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.integer({ min: 0, max: 50 }), (text, maxLength) => {
        const clean = cleanText(text, maxLength);
        expect(clean).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b\ufeff]/);
        expect([...clean].length).toBeLessThanOrEqual(maxLength);
        expect(cleanText(clean, maxLength)).toBe(clean);
      }),
      { numRuns: 200 },
    );
  });
});

describe('decodeText', () => {
  it('reads UTF-8 when it is valid, else Windows-1252', () => {
    expect(decodeText(Buffer.from('Müller – Straße'))).toBe('Müller – Straße');
    expect(decodeText(Buffer.from('M\xfcller \x96 \x80', 'latin1'))).toBe('Müller – €');
  });

  it('reads the charset that is named', () => {
    expect(decodeText(Buffer.from([0x83, 0x65, 0x83, 0x58]), 'shift_jis')).toBe('テス');
    expect(decodeText(Buffer.from('Ã¼'), 'UTF-8')).toBe('Ã¼');
    expect(decodeText(Buffer.from([0xc3, 0xbc]), 'ISO-8859-1')).toBe('Ã¼');
    expect(decodeText(Buffer.from([0x93]), ' windows-1252 ')).toBe('\u201c');
  });

  it('does without a charset that nobody knows', () => {
    expect(decodeText(Buffer.from('é'), 'klingon')).toBe('é');
  });

  it('gives every byte a character', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(decodeText(Buffer.from([0xff, ...bytes]))).toHaveLength(bytes.length + 1);
      }),
      { numRuns: 100 },
    );
  });
});
