import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkFrames } from '../../../test/support/link-frames.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { decodeFrames, encodeFrame, type Frame, MAX_RANGES } from './frames.ts';
import { ByteWriter } from './varint.ts';

function encode(frames: readonly Frame[]): Buffer {
  const writer = new ByteWriter(65_536);
  for (const frame of frames) encodeFrame(writer, frame);
  return writer.finish();
}

const GOLDEN: readonly (readonly [string, Frame])[] = [
  ['01', { type: 'ping' }],
  // largest 9, delay 25 ms, one more range, 2 packets, a gap of 2, 4 packets
  ['02 09 40fa 01 01 01 03', ack(25, [8, 10], [2, 6])],
  [
    '03 01 000102030405060708090a0b0c0d0e0f 1011121314151617 41f4',
    {
      type: 'hello',
      version: 1,
      sessionId: '000102030405060708090a0b0c0d0e0f',
      instance: '1011121314151617',
      maxAckDelayMs: 500,
    },
  ],
  [
    '04 03 a0a1a2a3a4a5a6a7 05 2f6c697665 10 20',
    { type: 'open', channel: 3, epoch: 'a0a1a2a3a4a5a6a7', name: '/live', oldest: 16, newest: 48 },
  ],
  ['05 03 01 10 4400', { type: 'want', channel: 3, offset: 16, backMs: 0, windowBytes: 1024 }],
  ['05 03 00 4fa0 4400', { type: 'want', channel: 3, offset: undefined, backMs: 4000, windowBytes: 1024 }],
  [
    '06 03 02 30 4064 20 05 06 01 00 0f',
    {
      type: 'start',
      channel: 3,
      serial: 2,
      offset: 48,
      mediaTimeUs: 100,
      audioBytes: 32,
      repeatBytes: 5,
      repeatTicks: 6,
      pinned: [{ start: 0, end: 16 }],
    },
  ],
  ['07 03 10 01 04 03', { type: 'have', channel: 3, contiguous: 16, ranges: [{ start: 20, end: 24 }] }],
  ['08 03', { type: 'stop', channel: 3 }],
  ['09 03 10', { type: 'end', channel: 3, newest: 16 }],
  ['0a 02 03 627965', { type: 'bye', code: 2, reason: 'bye' }],
  ['11 03 10 02 abcd', { type: 'data', channel: 3, offset: 16, data: Buffer.from('abcd', 'hex') }],
];

function ack(delayMs: number, ...ranges: [number, number][]): Frame {
  return { type: 'ack', delayMs, ranges: ranges.map(([start, end]) => ({ start, end })) };
}

const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('frames of the link', () => {
  it.each(GOLDEN)('are %s', (hex, frame) => {
    expect(encode([frame]).toString('hex')).toBe(hex.replaceAll(' ', ''));
    expect(decodeFrames(bytesOf(hex))).toEqual([frame]);
  });

  it('come back whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(linkFrames, { maxLength: 6 }), (frames) => {
        expect(decodeFrames(encode(frames))).toEqual(frames);
      }),
    );
  });

  it('carry data to the end of the payload without a length', () => {
    const writer = new ByteWriter(64);
    const data = Buffer.from('sound');
    encodeFrame(writer, { type: 'data', channel: 0, offset: 7, data }, true);
    const payload = writer.finish();
    expect(payload.length).toBe(3 + data.length);
    expect(decodeFrames(payload)).toEqual([{ type: 'data', channel: 0, offset: 7, data }]);
  });

  it('are refused when cut, except between two', () => {
    for (const [hex] of GOLDEN) {
      const bytes = bytesOf(hex);
      for (let length = 1; length < bytes.length; length++) {
        expect(() => decodeFrames(bytes.subarray(0, length))).toThrow(ProtocolViolation);
      }
    }
  });

  it('never hang or throw anything else for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeFrames(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['an unknown type', '3f'],
    ['an ACK below packet 0', '02 03 00 00 05'],
    ['an ACK with a reversed range', '02 03 00 01 00 05 00'],
    ['an ACK of too many ranges', `02 7fff 00 ${(0x4000 + MAX_RANGES).toString(16)} 00`],
    ['a window of 0', '05 00 01 00 00'],
    ['a WANT of unknown mode', '05 00 02 00 01'],
    ['a START whose pinned records follow it', '06 00 01 04 00 00 00 00 01 03 03'],
    ['a START with five pinned records', '06 00 01 20 00 00 00 00 05 00 00 00 00 00 00 00 00 00 00'],
    ['data beyond 2^53', '11 00 c01fffffffffffff 02 0000'],
    ['an OPEN beyond 2^53', '04 00 0000000000000000 00 c01fffffffffffff 01'],
  ])('are refused: %s', (_, hex) => {
    expect(() => decodeFrames(bytesOf(hex))).toThrow(ProtocolViolation);
  });
});
