import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeRtpHeader } from './packet.ts';
import { ParityGroup } from './parity-group.ts';
import { ParityRepair } from './parity-repair.ts';
import { fecBytesOf, fecHeaderBytes, readFecHeader, writeFecHeader } from './ulpfec.ts';

const SSRC = 0x01020304;

function packet(sequence: number, payload: Uint8Array, timestamp = sequence * 48, payloadType = 98): Buffer {
  const datagram = Buffer.alloc(12 + payload.length);
  writeRtpHeader(datagram, 0, { payloadType, marker: false, sequence, timestamp, ssrc: SSRC });
  datagram.set(payload, 12);
  return datagram;
}

/** Parity of packets, as a datagram. */
function parityOf(packets: readonly Buffer[]): Buffer {
  const group = new ParityGroup(1440);
  for (const each of packets) group.add(each);
  const target = Buffer.alloc(1600);
  const bytes = group.finish(target, 0);
  expect(group.count).toBe(0);
  return packet(7, target.subarray(0, bytes), 0, 99);
}

const flow = (first: number, sizes: readonly number[]) =>
  sizes.map((size, index) =>
    packet(
      first + index,
      Uint8Array.from({ length: size }, (_, at) => (at * 7 + index) & 0xff),
    ),
  );

describe('a parity packet', () => {
  it('has the bytes of RFC 5109 (10.1: headers of four packets, and its mask)', () => {
    const parity = parityOf([packet(8, Uint8Array.of(0x11, 0x22), 3, 11), packet(9, Uint8Array.of(0x33), 5, 18)]);
    // E L P X CC | M PT: 11 ^ 18 | base 8 | timestamp 3 ^ 5 | length 2 ^ 1 | 2 protected bytes | bits 0 and 1 | parity
    expect(parity.subarray(12).toString('hex')).toBe('00190008000000060003' + '0002c000' + '2222');
  });

  it('keeps its header through writing and reading, with short and long masks', () => {
    for (const offsets of [[0], [0, 15], [0, 16], [3, 47]]) {
      const header = {
        base: 65_530,
        offsets,
        flags: 0,
        markerAndType: 3,
        timestamp: 2 ** 32 - 1,
        length: 9,
        protectedBytes: 2,
      };
      const bytes = fecHeaderBytes(header);
      const target = Buffer.alloc(bytes + 2);
      expect(writeFecHeader(target, 0, header)).toBe(bytes);
      expect(bytes).toBe(fecBytesOf(offsets.at(-1)! + 1));
      expect(readFecHeader(target)).toEqual({ ...header, headerBytes: bytes });
      expect(readFecHeader(target.subarray(0, bytes + 1))).toBeUndefined();
    }
  });

  it('takes no number that is too far above the first, and no larger payload', () => {
    const group = new ParityGroup(4);
    group.add(packet(65_530, Buffer.alloc(4)));
    expect(() => group.add(packet(65_530 + 48, Buffer.alloc(4)))).toThrow(RangeError);
    expect(() => group.add(packet(65_531, Buffer.alloc(5)))).toThrow(RangeError);
    expect(() => group.finish(Buffer.alloc(17), 0)).toThrow(RangeError);
  });
});

describe('repair', () => {
  it('makes any one packet of a group again, byte for byte, also across the wrap and of unequal sizes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 48 }),
        fc.nat(0xffff),
        fc.nat(47),
        fc.boolean(),
        (sizes, first, lostIndex, isParityFirst) => {
          const packets = flow(first, sizes);
          const lost = packets[lostIndex % packets.length]!;
          const repair = new ParityRepair();
          const answers: Buffer[] = [];
          const parity = parityOf(packets);
          if (isParityFirst) answers.push(...repair.parity(parity));
          for (const each of packets) if (each !== lost) answers.push(...repair.media(each));
          if (!isParityFirst) answers.push(...repair.parity(parity));
          expect(answers).toEqual([lost]);
          expect(repair.counters).toEqual({ received: 1, malformed: 0, repaired: 1 });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('waits while two are missing, and does it when one of them comes late', () => {
    const packets = flow(100, [8, 8, 8, 8]);
    const repair = new ParityRepair();
    repair.media(packets[0]!);
    repair.media(packets[3]!);
    expect(repair.parity(parityOf(packets))).toEqual([]);
    expect(repair.media(packets[2]!)).toEqual([packets[1]]);
    expect(repair.media(packets[1]!)).toEqual([]);
    expect(repair.counters.repaired).toBe(1);
  });

  it('answers nothing when all came, or all but the parity', () => {
    const packets = flow(0, [8, 8]);
    const repair = new ParityRepair();
    for (const each of packets) expect(repair.media(each)).toEqual([]);
    expect(repair.parity(parityOf(packets))).toEqual([]);
  });

  it('invents nothing when numbers come again after 65,536 packets', () => {
    const old = flow(0, [8, 8, 8]);
    const repair = new ParityRepair();
    repair.parity(parityOf(old));
    repair.media(old[0]!);
    for (let sequence = 300; sequence < 65_536; sequence += 100) repair.media(packet(sequence, Buffer.alloc(8)));
    // The same numbers, other packets: the parity of before is not for them.
    expect(repair.media(packet(65_536 + 1, Buffer.alloc(8, 9), 65_537 * 48))).toEqual([]);
    // Neither is a packet of before for the parity of now.
    const now = [0, 1, 2].map((index) => packet(index, Buffer.alloc(8, index), (65_536 + index) * 48));
    const other = new ParityRepair();
    other.media(old[1]!);
    other.media(now[0]!);
    expect(other.parity(parityOf(now))).toEqual([]);
  });

  it('does not mix sources', () => {
    const packets = flow(5, [8, 8]);
    const foreign = Buffer.from(packets[0]!);
    foreign.writeUInt32BE(1, 8);
    const repair = new ParityRepair();
    repair.media(foreign);
    expect(repair.parity(parityOf(packets))).toEqual([]);
  });

  it('takes any bytes without failing, and remembers little', () => {
    const repair = new ParityRepair();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, isParity) => {
        const datagram = bytes.length >= 12 ? Buffer.from([0x80, 99, ...bytes.subarray(2)]) : Buffer.from(bytes);
        for (const answer of isParity ? repair.parity(datagram) : repair.media(datagram)) {
          expect(answer.length).toBeLessThanOrEqual(12 + 80);
        }
      }),
      { numRuns: 300 },
    );
    const { malformed, received } = repair.counters;
    expect(malformed).toBeGreaterThan(0);
    expect(malformed + received).toBeGreaterThan(100);
  });
});
