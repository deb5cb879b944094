import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, portionings } from '../../../test/support/portions.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { encodeFrame, FrameDecoder, MAX_FRAMED_BYTES } from './stream-framing.ts';

function decode(portions: Iterable<Buffer>, decoder = new FrameDecoder()): Buffer[] {
  const messages: Buffer[] = [];
  for (const portion of portions) for (const message of decoder.push(portion)) messages.push(Buffer.from(message));
  return messages;
}

describe('frames on a stream', () => {
  it('are a length and a message', () => {
    expect(encodeFrame(Buffer.from('abc')).toString('hex')).toBe('0003616263');
    const longest = Buffer.alloc(MAX_FRAMED_BYTES, 1);
    expect(decode([encodeFrame(longest)])).toEqual([longest]);
    expect(() => encodeFrame(Buffer.alloc(0))).toThrow(RangeError);
    expect(() => encodeFrame(Buffer.alloc(MAX_FRAMED_BYTES + 1))).toThrow(RangeError);
  });

  it('come out the same however the stream is cut', () => {
    const messages = ['a', 'bcdef', 'x'.repeat(300), 'yz'].map((text) => Buffer.from(text));
    const stream = Buffer.concat(messages.map(encodeFrame));
    for (const portions of portionings(stream)) expect(decode(portions)).toEqual(messages);
  });

  it('come back from any messages in any portions', () => {
    const messages = fc.array(fc.uint8Array({ minLength: 1, maxLength: 700 }), { maxLength: 8 });
    fc.assert(
      fc.property(messages, fc.array(fc.nat(400), { maxLength: 6 }), (each, sizes) => {
        const stream = Buffer.concat(each.map(encodeFrame));
        expect(decode(cut(stream, sizes))).toEqual(each.map((message) => Buffer.from(message)));
      }),
      { numRuns: 150 },
    );
  });

  it('are refused when empty or longer than allowed, before anything is kept', () => {
    expect(() => decode([Buffer.of(0, 0)])).toThrow(ProtocolViolation);
    const decoder = new FrameDecoder(10);
    expect(() => decode([Buffer.of(0, 11)], decoder)).toThrow(/at most 10/);
    expect(decoder.heldBytes).toBe(0);
  });

  it('may grow once the peer is known', () => {
    const decoder = new FrameDecoder(4);
    expect(decode([encodeFrame(Buffer.from('four'))], decoder)).toHaveLength(1);
    decoder.maxBytes = 5;
    expect(decode([encodeFrame(Buffer.from('fives'))], decoder)).toHaveLength(1);
  });

  it('never hold more than a message, or throw but a violation, for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat(90), { maxLength: 5 }), (bytes, sizes) => {
        const decoder = new FrameDecoder(64);
        try {
          for (const message of decode(cut(Buffer.from(bytes), sizes), decoder)) {
            expect(message.length).toBeLessThanOrEqual(64);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation);
        }
        expect(decoder.heldBytes).toBeLessThanOrEqual(64);
      }),
      { numRuns: 200 },
    );
  });
});
