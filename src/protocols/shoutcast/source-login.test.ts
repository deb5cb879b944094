import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portionings } from '../../../test/support/portions.ts';
import { SourceHeaderReader } from './source-headers.ts';
import { PasswordLineReader } from './source-login.ts';

function login(portions: Buffer[]) {
  const reader = new PasswordLineReader();
  for (const [at, portion] of portions.entries()) {
    const line = reader.push(portion);
    if (line)
      return {
        password: line.password,
        rest: Buffer.concat([line.rest, ...portions.slice(at + 1)]).toString('latin1'),
      };
  }
  return undefined;
}

function readHeaders(portions: Buffer[]) {
  const reader = new SourceHeaderReader();
  for (const [at, portion] of portions.entries()) {
    const done = reader.push(portion);
    if (!done) continue;
    const audio = Buffer.concat([done.rest, ...portions.slice(at + 1)]).toString('latin1');
    return { headers: Object.fromEntries(done.headers), audio };
  }
  return undefined;
}

const bytes = (text: string) => Buffer.from(text, 'latin1');

describe('PasswordLineReader', () => {
  it.each(['\r\n', '\n', '\r\r\n'])('ends the line with %j however it is cut', (end) => {
    for (const portions of portionings(bytes(`pass word${end}icy-name:x`))) {
      expect(login(portions)).toEqual({ password: 'pass word', rest: 'icy-name:x' });
    }
  });

  it('refuses HTTP, binary and endless lines', () => {
    for (const text of [
      'GET / HTTP/1.1\r\n',
      'SOURCE /m ICE/1.0\r\n',
      'a\0b\n',
      'a\rb\n',
      'x'.repeat(5000),
      `${'x'.repeat(5000)}\n`,
    ]) {
      expect(() => login([bytes(text)]), text.slice(0, 20)).toThrow();
    }
    expect(login([bytes('no end')])).toBeUndefined();
  });
});

describe('SourceHeaderReader', () => {
  const expected = {
    headers: { 'icy-name': 'N', 'icy-br': '128', 'content-type': 'audio/mpeg' },
    audio: '\xff\xfbaudio',
  };
  const lines = [
    'icy-name:N',
    'icy-br: 128',
    'icy-metaint:8192',
    'icy-reset:1',
    'x-other: y',
    'content-type:audio/mpeg',
  ];

  it.each(['\r\n', '\n'])('reads headers with line ends %j however they are cut', (end) => {
    for (const portions of portionings(bytes(`${lines.join(end)}${end}${end}\xff\xfbaudio`))) {
      expect(readHeaders(portions)).toEqual(expected);
    }
  });

  it('skips an extra empty line before the headers or before the audio', () => {
    const head = `${lines.join('\r\n')}\r\n\r\n`;
    for (const portions of portionings(bytes(`\r\n${head}\xff\xfbaudio`)))
      expect(readHeaders(portions)).toEqual(expected);
    for (const portions of portionings(bytes(`${head}\r\n\xff\xfbaudio`)))
      expect(readHeaders(portions)).toEqual(expected);
  });

  it('takes a source without headers', () => {
    for (const portions of portionings(bytes('\r\nOggS...')))
      expect(readHeaders(portions)).toEqual({ headers: {}, audio: 'OggS...' });
  });

  it('bounds lines, headers and the whole', () => {
    expect(() => readHeaders([bytes(`icy-name:${'x'.repeat(9000)}`)])).toThrow();
    expect(() => readHeaders([bytes('icy-x:1\n'.repeat(101))])).toThrow();
    expect(() => readHeaders([bytes(`icy-x:${'y'.repeat(8000)}\n`.repeat(10))])).toThrow();
  });

  it('ends, waits or throws on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        try {
          readHeaders([Buffer.from(data)]);
        } catch (error) {
          expect((error as Error).name).toBe('ProtocolViolation');
        }
      }),
      { numRuns: 300 },
    );
  });
});
