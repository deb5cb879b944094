import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { packNack, unpackNack } from './nack.ts';
import { roundTripMs } from './report-block.ts';
import { isRtcp, type RtcpMessage } from './rtcp.ts';
import { decodeRtcp } from './rtcp-decode.ts';
import { encodeRtcp } from './rtcp-encode.ts';

const block = {
  ssrc: 0x0a0b0c0d,
  fractionLost: 51,
  cumulativeLost: -2,
  highestSequence: 0x0001_0203,
  jitter: 9,
  lastSenderReport: 0x5678_9abc,
  delaySinceLastSenderReport: 0x8000,
};

const golden: [string, RtcpMessage, string][] = [
  [
    'a sender report',
    {
      kind: 'sender-report',
      ssrc: 1,
      ntp: 0xe1e2e3e4_f1f2f3f4n,
      rtpTimestamp: 48,
      packets: 2,
      octets: 288,
      blocks: [],
    },
    '80c8000600000001e1e2e3e4f1f2f3f4000000300000000200000120',
  ],
  [
    'a receiver report',
    { kind: 'receiver-report', ssrc: 2, blocks: [block] },
    '81c90007000000020a0b0c0d33fffffe00010203000000095678'.concat('9abc00008000'),
  ],
  [
    'a source description',
    { kind: 'source-description', sources: [{ ssrc: 3, cname: 'a@b' }] },
    `81ca0003${'00000003'}${'0103614062'}000000`,
  ],
  ['a BYE', { kind: 'bye', ssrcs: [4, 5], reason: 'end' }, '82cb0003000000040000000503656e64'],
  [
    'a NACK of 17 and one more',
    { kind: 'nack', senderSsrc: 6, mediaSsrc: 7, sequences: [65_535, 0, 15, 16] },
    `81cd0004${'00000006'}${'00000007'}${'ffff8001'}${'00100000'}`,
  ],
];

describe('RTCP', () => {
  it.each(golden)('writes and reads %s', (_, message, hex) => {
    const bytes = encodeRtcp([message as Exclude<RtcpMessage, { kind: 'other' }>]);
    expect(bytes.toString('hex')).toBe(hex);
    expect(decodeRtcp(bytes)).toEqual([message]);
    expect(isRtcp(bytes)).toBe(true);
  });

  it('reads a compound packet and refuses it cut anywhere but between messages', () => {
    const messages = golden.map(([, message]) => message);
    const bytes = encodeRtcp(messages as Exclude<RtcpMessage, { kind: 'other' }>[]);
    expect(decodeRtcp(bytes)).toEqual(messages);
    const borders = new Set(
      golden.map((_, n) => golden.slice(0, n).reduce((sum, each) => sum + each[2].length / 2, 0)),
    );
    for (let cut = 1; cut < bytes.length; cut++) {
      if (borders.has(cut)) continue;
      expect(() => decodeRtcp(bytes.subarray(0, cut))).toThrow(ProtocolViolation);
    }
  });

  it.each([
    ['nothing', ''],
    ['version 1', '40c90000'],
    ['a length past the end', '80c9ffff00000001'],
    ['31 blocks that are not there', '9fc9000100000001'],
    ['a BYE of 31 that are not there', '9fcb000100000001'],
    ['a reason past the end', '81cb000200000001ff616263'],
    ['an item past the end', '81ca00020000000101ff6162'],
    ['a chunk that is not there', '82ca000200000001'.concat('00000000')],
    ['padding of 0', 'a0c9000100000000'],
    ['padding of 255', 'a0c90001000000ff'],
    ['a NACK without entries', '81cd00020000000100000002'],
    ['a thousand empty messages', '80cc0000'.repeat(1000)],
  ])('refuses %s', (_, hex) => {
    expect(() => decodeRtcp(Buffer.from(hex, 'hex'))).toThrow(ProtocolViolation);
  });

  it('cleans names from strangers', () => {
    const text = '\r\n\u001b[31mme\u202e';
    const bytes = encodeRtcp([{ kind: 'source-description', sources: [{ ssrc: 1, cname: text }] }]);
    expect(decodeRtcp(bytes)).toEqual([{ kind: 'source-description', sources: [{ ssrc: 1, cname: '[31mme' }] }]);
  });

  it('cuts a long name between characters', () => {
    const bytes = encodeRtcp([{ kind: 'source-description', sources: [{ ssrc: 1, cname: '\u00e4'.repeat(200) }] }]);
    expect(bytes[9]).toBe(254);
    expect(decodeRtcp(bytes)).toMatchObject([{ sources: [{ cname: '\u00e4'.repeat(127) }] }]);
  });

  it('passes over messages it does not know', () => {
    const bytes = Buffer.from('80cc0001000000018acd000100000001', 'hex');
    expect(decodeRtcp(bytes)).toEqual([
      { kind: 'other', packetType: 204 },
      { kind: 'other', packetType: 205 },
    ]);
  });

  it('refuses more blocks than the count can say', () => {
    expect(() => encodeRtcp([{ kind: 'bye', ssrcs: new Array(32).fill(1) }])).toThrow(RangeError);
  });

  it('tells RTCP from RTP on one port', () => {
    expect(isRtcp(Buffer.from('80620001', 'hex'))).toBe(false);
    expect(isRtcp(Buffer.from('80e20001', 'hex'))).toBe(false);
    expect(isRtcp(Buffer.from('80c9', 'hex'))).toBe(false);
  });

  it('answers messages or a violation, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(200, 201, 202, 203, 205), (bytes, type) => {
        if (bytes.length > 3) bytes.set([0x80 | (bytes[0]! & 0x3f), type, 0, (bytes.length >> 2) - 1]);
        try {
          for (const message of decodeRtcp(Buffer.from(bytes.subarray(0, bytes.length & ~3)))) {
            expect(message.kind).toBeTypeOf('string');
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('packNack', () => {
  it('names every packet once, over the wrap', () => {
    const runs = fc.tuple(fc.nat(0xffff), fc.uniqueArray(fc.nat(300), { maxLength: 60 }));
    fc.assert(
      fc.property(runs, ([start, offsets]) => {
        const sequences = offsets.sort((a, b) => a - b).map((offset) => (start + offset) & 0xffff);
        const entries = packNack(sequences);
        expect(entries.flatMap(unpackNack)).toEqual(sequences);
        expect(entries.length).toBeLessThanOrEqual(Math.ceil(301 / 17));
      }),
      { numRuns: 200 },
    );
  });
});

describe('roundTripMs', () => {
  it('is now minus LSR minus DLSR', () => {
    const sent = { ...block, lastSenderReport: 0xffff_8000, delaySinceLastSenderReport: 0x4000 };
    expect(roundTripMs(sent, 0x0000_0000_4000_0000n)).toBe(500);
    expect(roundTripMs({ ...sent, delaySinceLastSenderReport: 0x0fff_ffff }, 0x4000_0000n)).toBeUndefined();
    expect(roundTripMs({ ...sent, lastSenderReport: 0 }, 1n)).toBeUndefined();
  });
});
