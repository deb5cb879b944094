import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distreamerCapture } from '../../../test/support/distreamer-capture.ts';
import { cut, portionings } from '../../../test/support/portions.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { encodeMessage, type Message, MessageDecoder } from './message-codec.ts';

function decode(portions: Iterable<Buffer>): Message[] {
  const decoder = new MessageDecoder();
  const messages: Message[] = [];
  for (const portion of portions) decoder.push(portion, (message) => messages.push(message));
  return messages;
}

/** Comparing long buffers element by element is slow. */
const asText = (messages: Message[]) =>
  messages.map((message) => ('data' in message ? message.data.toString('latin1') : message.text)).join('|');

const golden = Buffer.from('oggheader|0\r\n\r\n7|5\r\nab\r\nc\r\nlist|2\r\n{}\r\nerr|18\r\nPassword incorrect\r\n');
const goldenMessages: Message[] = [
  { action: 'oggheader', data: Buffer.alloc(0) },
  { action: 'fragment', number: 7, data: Buffer.from('ab\r\nc') },
  { action: 'list', data: Buffer.from('{}') },
  { action: 'err', text: 'Password incorrect' },
];

describe('DiStreamer messages', () => {
  it('are read from bytes cut at every place', () => {
    for (const portions of portionings(golden)) expect(decode(portions)).toEqual(goldenMessages);
  });

  it('are encoded as the original does', () => {
    const encoded = [
      encodeMessage('oggheader', Buffer.alloc(0)),
      encodeMessage(7, Buffer.from('ab\r\nc')),
      encodeMessage('list', Buffer.from('{}')),
      encodeMessage('err', Buffer.from('Password incorrect')),
    ];
    expect(Buffer.concat(encoded)).toEqual(golden);
    expect(encoded.at(-1)).toEqual(distreamerCapture('persserver-wrong-password-1.server'));
  });

  it('of a recorded session come out whole, whatever the portions', () => {
    const bytes = distreamerCapture('persserver-persclient-meta-yes-1.server');
    const whole = decode([bytes]);
    expect(whole.map((message) => (message.action === 'fragment' ? message.number : message.action)).join(' ')).toBe(
      'oggheader 6 7 8 9 10 list 11 12 13 14 list 15 16 17 18 list 19 20 21 22 list 23 24 25 26 list',
    );
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1 }), (sizes) => {
        expect(asText(decode(cut(bytes, sizes))) === asText(whole)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('round trip', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 40 }), fc.uint8Array({ maxLength: 200_000 }), fc.nat(), (number, bytes, at) => {
        const data = Buffer.from(bytes);
        const message = encodeMessage(number, data);
        const place = at % message.length;
        const [decoded, ...others] = decode([message.subarray(0, place), message.subarray(place)]);
        expect(others).toEqual([]);
        expect(decoded?.action === 'fragment' && decoded.number === number && decoded.data.equals(data)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['an HTTP answer', 'HTTP/1.1 404 Not Found\r\n'],
    ['an unknown action', 'hello|3\r\n'],
    ['a length that is no number', '7|-1\r\n'],
    ['a fragment above 8 MiB', `7|${8 * 2 ** 20 + 1}\r\n`],
    ['a list above 4 MiB', `list|${4 * 2 ** 20 + 1}\r\n`],
    ['an error above 4 KiB', 'err|4097\r\n'],
    ['a line without an end', 'x'.repeat(66)],
    ['a line that ends with LF alone', '7|3\nabc\r\n'],
    ['a body that goes on', '7|3\r\nabcd'],
  ])('that are %s are refused', (_, text) => {
    const bytes = Buffer.from(text);
    for (const portions of portionings(bytes)) expect(() => decode(portions)).toThrow(ProtocolViolation);
  });

  it('hold no more than came', () => {
    const decoder = new MessageDecoder();
    decoder.push(Buffer.from(`7|${8 * 2 ** 20}\r\nabc`), () => {});
    expect(decoder.heldBytes).toBe(3);
  });

  it('of random bytes end in messages or a violation', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (portions) => {
        try {
          decode(portions.map((portion) => Buffer.from(portion)));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation);
        }
      }),
      { numRuns: 200 },
    );
  });
});
