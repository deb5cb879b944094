import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newRtpPacket, RTP_HEADER_BYTES, readRtpPacket, stampRtpHeader, writeRtpHeader } from './packet.ts';

const header = { payloadType: 98, marker: false, sequence: 0x1234, timestamp: 0x89abcdef, ssrc: 0xdeadbeef };

function read(bytes: Uint8Array) {
  const packet = newRtpPacket();
  const fault = readRtpPacket(bytes, packet);
  return fault ?? packet;
}

describe('writeRtpHeader', () => {
  it('writes the bytes of RFC 3550 5.1 at the offset and nothing else', () => {
    const buffer = Buffer.alloc(16, 0x55);
    writeRtpHeader(buffer, 2, header);
    expect(buffer.toString('hex')).toBe('55558062123489abcdefdeadbeef5555');
  });

  it('sets the marker', () => {
    const buffer = Buffer.alloc(12);
    writeRtpHeader(buffer, 0, { ...header, marker: true });
    expect(buffer[1]).toBe(0x80 | 98);
  });

  it('takes counters that count on past their width', () => {
    const buffer = Buffer.alloc(12);
    writeRtpHeader(buffer, 0, header);
    stampRtpHeader(buffer, 0, 65_536 * 7 + 3, 2 ** 32 * 1000 + 5);
    expect(read(buffer)).toMatchObject({ sequence: 3, timestamp: 5, ssrc: header.ssrc, payloadType: 98 });
  });

  it('refuses to write past the end', () => {
    expect(() => writeRtpHeader(Buffer.alloc(13), 2, header)).toThrow(RangeError);
    expect(() => writeRtpHeader(Buffer.alloc(13), -1, header)).toThrow(RangeError);
  });
});

describe('readRtpPacket', () => {
  it('finds the payload after contributing sources and an extension, before padding', () => {
    const bytes = Buffer.from(
      `b2e2${'0001'}${'00000002'}${'00000003'}${'0000000a0000000b'}${'bede0001aabbccdd'}${'112233'}${'0002'}`,
      'hex',
    );
    expect(read(bytes)).toMatchObject({
      marker: true,
      payloadType: 98,
      csrcCount: 2,
      payloadStart: 28,
      payloadEnd: 31,
    });
  });

  it.each([
    ['an empty datagram', '', 'shorter than an RTP header'],
    ['eleven bytes', '8062000100000002000000', 'shorter than an RTP header'],
    ['version 1', '406200010000000200000003', 'not RTP version 2'],
    ['15 sources that are not there', '8f6200010000000200000003', 'contributing sources end after the datagram'],
    ['an extension without a head', '906200010000000200000003bede', 'header extension ends after the datagram'],
    ['an extension of 65535 words', '906200010000000200000003bedeffff', 'header extension ends after the datagram'],
    ['padding of 0', 'a06200010000000200000003aabb00', 'padding longer than the payload'],
    ['padding of 255', 'a06200010000000200000003aabbff', 'padding longer than the payload'],
    ['padding into the header', 'a06200010000000200000003aabb04', 'padding longer than the payload'],
  ])('refuses %s', (_, hex, fault) => {
    expect(read(Buffer.from(hex, 'hex'))).toBe(fault);
  });

  it('reads what was written, cut anywhere it is a fault or shorter', () => {
    fc.assert(
      fc.property(
        fc.record({
          payloadType: fc.nat(127),
          marker: fc.boolean(),
          sequence: fc.nat(0xffff),
          timestamp: fc.nat(0xffff_ffff),
          ssrc: fc.nat(0xffff_ffff),
        }),
        fc.uint8Array({ maxLength: 40 }),
        (fields, payload) => {
          const bytes = Buffer.concat([Buffer.alloc(RTP_HEADER_BYTES), payload]);
          writeRtpHeader(bytes, 0, fields);
          expect(read(bytes)).toMatchObject({ ...fields, payloadStart: 12, payloadEnd: bytes.length });
          for (let cut = 0; cut < 12; cut++) expect(read(bytes.subarray(0, cut))).toBe('shorter than an RTP header');
        },
      ),
      { numRuns: 100 },
    );
  });

  it('keeps the payload inside the datagram, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(15), (bytes, low) => {
        if (bytes.length) bytes[0] = 0x80 | low | (bytes[0]! & 0x30);
        const packet = read(bytes);
        if (typeof packet === 'string') return;
        expect(packet.payloadStart).toBeGreaterThanOrEqual(12);
        expect(packet.payloadEnd).toBeGreaterThanOrEqual(packet.payloadStart);
        expect(packet.payloadEnd).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 300 },
    );
  });
});
