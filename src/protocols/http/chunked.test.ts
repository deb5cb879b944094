import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, portionings } from '../../../test/support/portions.ts';
import { ChunkedDecoder } from './chunked.ts';

function decode(portions: Buffer[]) {
  const data: Buffer[] = [];
  const decoder = new ChunkedDecoder((part) => data.push(part));
  let rest: Buffer | undefined;
  for (const portion of portions) rest = rest ? Buffer.concat([rest, portion]) : decoder.push(portion);
  return { data: Buffer.concat(data).toString('latin1'), rest: rest?.toString('latin1') };
}

const refused = (text: string) => expect(() => decode([Buffer.from(text, 'latin1')]), text).toThrow();

describe('ChunkedDecoder', () => {
  it('reads chunks, extensions and trailers however they are cut', () => {
    const bytes = Buffer.from('4\r\nabcd\r\nA;name="v"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nnext');
    for (const portions of portionings(bytes)) {
      expect(decode(portions)).toEqual({ data: 'abcd0123456789', rest: 'next' });
    }
  });

  it('refuses bad sizes, missing line ends and floods', () => {
    for (const text of ['\r\n', '-1\r\n', '+4\r\n', '0x4\r\n', '4 x\r\n', '123456789\r\n', '4\nabcd', 'g\r\n'])
      refused(text);
    refused('1\r\nab\r\n');
    refused('1\r\na\rb');
    refused(`1;${'x'.repeat(300)}`);
    refused(`0\r\n${'T: x\r\n'.repeat(2000)}`);
    refused('1\0\r\n');
  });

  it('decodes any encoded body', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        (chunks, sizes) => {
          const body = chunks.map((chunk) => Buffer.from(chunk));
          const wire = body.flatMap((chunk) => [
            Buffer.from(`${chunk.length.toString(16)}\r\n`),
            chunk,
            Buffer.from('\r\n'),
          ]);
          const result = decode(cut(Buffer.concat([...wire, Buffer.from('0\r\n\r\n!')]), sizes));
          expect(result).toEqual({ data: Buffer.concat(body).toString('latin1'), rest: '!' });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('ends or throws on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decode([Buffer.from(bytes)]);
        } catch (error) {
          expect((error as Error).name).toBe('ProtocolViolation');
        }
      }),
      { numRuns: 300 },
    );
  });
});
