import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../test/support/fake-clock.ts';
import { writeRtpHeader } from '../../../protocols/rtp/packet.ts';
import { ParityRepair } from '../../../protocols/rtp/parity-repair.ts';
import type { RedundancyMeasure } from '../../plan/redundancy-measure.ts';
import { measureFor, RedundancyChoice } from './choose.ts';
import { LossMeter } from './loss-meter.ts';
import { RedundantFlow } from './redundant-flow.ts';
import { SessionRedundancy } from './session-redundancy.ts';

const FIRST = 65_500;
const TIMESTAMP = 2 ** 32 - 480;

/** A ring that keeps what is written. */
function memoryRing() {
  const packets: { packet: Buffer; slot: number }[] = [];
  const ring = {
    free: 1000,
    packet: Buffer.alloc(200),
    isEnded: false,
    commit(bytes: number, slot: number) {
      packets.push({ packet: Buffer.from(ring.packet.subarray(0, bytes)), slot });
    },
    end() {
      ring.isEnded = true;
    },
  };
  return { ring, packets };
}

function packetAt(slot: number, isStamped: boolean): Buffer {
  const packet = Buffer.alloc(12 + 20, slot & 0xff);
  const [sequence, timestamp] = isStamped ? [FIRST + slot, TIMESTAMP + slot * 48] : [0, 0];
  writeRtpHeader(packet, 0, { payloadType: 98, marker: false, sequence, timestamp, ssrc: 7 });
  return packet;
}

function flow() {
  const { ring, packets } = memoryRing();
  const redundant = new RedundantFlow({
    ring,
    ssrc: 7,
    firstSequence: FIRST,
    timestamp: TIMESTAMP,
    framesPerSlot: 48,
    slotMs: 1,
    maxPayloadBytes: 20,
    fecPayloadType: 99,
    firstFecSequence: 65_535,
  });
  return { ring, packets, redundant };
}

describe('the second port of a flow', () => {
  it('gets every packet again, later, byte for byte as it left', () => {
    const { packets, redundant, ring } = flow();
    redundant.measure = { kind: 'duplicate', delayMs: 50 };
    for (let slot = 0; slot < 60; slot++) redundant.add(packetAt(slot, false), slot);
    redundant.end();
    expect(packets.map(({ slot }) => slot)).toEqual(Array.from({ length: 60 }, (_, index) => 50 + index));
    expect(packets.map(({ packet }) => packet)).toEqual(Array.from({ length: 60 }, (_, slot) => packetAt(slot, true)));
    expect(ring.isEnded).toBe(true);
  });

  it('gets parity with which each single loss is repaired, the last short group included', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.integer({ min: 1, max: 16 }), (lost, size) => {
        const { packets, redundant } = flow();
        redundant.measure = { kind: 'parity', packets: size };
        for (let slot = 0; slot < 100; slot++) redundant.add(packetAt(slot, false), slot);
        redundant.end();
        expect(packets.length).toBe(Math.ceil(100 / size));
        const repair = new ParityRepair();
        const repaired: Buffer[] = [];
        for (let slot = 0; slot < 100; slot++) {
          if (slot !== lost) repaired.push(...repair.media(packetAt(slot, true)));
          for (const each of packets) if (each.slot === slot) repaired.push(...repair.parity(each.packet));
        }
        expect(repaired).toEqual([packetAt(lost, true)]);
      }),
      { numRuns: 40 },
    );
  });

  it('counts parity packets on their own, and stamps them with the time at which they leave', () => {
    const { packets, redundant } = flow();
    redundant.measure = { kind: 'parity', packets: 10 };
    for (let slot = 0; slot < 20; slot++) redundant.add(packetAt(slot, false), slot);
    expect(
      packets.map(({ packet, slot }) => [packet[1], packet.readUInt16BE(2), packet.readUInt32BE(4), slot]),
    ).toEqual([
      [99, 65_535, (TIMESTAMP + 9 * 48) % 2 ** 32, 9],
      [99, 0, (TIMESTAMP + 19 * 48) % 2 ** 32, 19],
    ]);
  });

  it('may change at any time; slots never fall', () => {
    const { packets, redundant } = flow();
    const measures: RedundancyMeasure[] = [
      { kind: 'duplicate', delayMs: 30 },
      { kind: 'parity', packets: 4 },
      { kind: 'none' },
    ];
    for (let slot = 0; slot < 30; slot++) {
      if (slot % 10 === 0) redundant.measure = measures[slot / 10]!;
      redundant.add(packetAt(slot, false), slot);
    }
    redundant.end();
    expect(packets.map(({ packet }) => packet[1])).toEqual([...Array(10).fill(98), 99, 99, 99]);
    const slots = packets.map(({ slot }) => slot);
    expect(slots).toEqual(slots.toSorted((one, other) => one - other));
  });

  it('drops what a full ring does not take, and counts it', () => {
    const { ring, packets, redundant } = flow();
    ring.free = 0;
    redundant.measure = { kind: 'duplicate', delayMs: 1 };
    redundant.add(packetAt(0, false), 0);
    redundant.measure = { kind: 'parity', packets: 1 };
    redundant.add(packetAt(1, false), 1);
    expect([packets.length, redundant.dropped]).toEqual([0, 2]);
  });
});

describe('the choice', () => {
  it.each([
    [0.0001, 1, { kind: 'none' }],
    [0.001, 1, { kind: 'parity', packets: 16 }],
    [0.01, 1.1, { kind: 'parity', packets: 10 }],
    [0.04, 1, { kind: 'parity', packets: 5 }],
    [0.1, 1, { kind: 'duplicate', delayMs: 20 }],
    [0.01, 10, { kind: 'duplicate', delayMs: 40 }],
    [0.01, 500, { kind: 'duplicate', delayMs: 200 }],
  ])('for a loss of %d in runs of %d', (fraction, meanRun, measure) => {
    expect(measureFor({ fraction, meanRun }, 1)).toEqual(measure);
  });

  it('takes more at once, and less only after a quiet time that doubles when it was too little', () => {
    const choice = new RedundancyChoice(1);
    const bad = { fraction: 0.01, meanRun: 1 };
    const good = { fraction: 0, meanRun: 1 };
    expect(choice.update(good, 0)).toBeUndefined();
    expect(choice.update(bad, 5_000)).toEqual({ kind: 'parity', packets: 10 });
    expect(choice.update({ fraction: 0.1, meanRun: 3 }, 10_000)).toEqual({ kind: 'duplicate', delayMs: 20 });
    const changes: [number, string][] = [];
    for (let nowMs = 15_000; nowMs < 400_000; nowMs += 5_000) {
      const change = choice.update(choice.measure.kind === 'none' && nowMs < 200_000 ? bad : good, nowMs);
      if (change) changes.push([nowMs, change.kind]);
    }
    expect(changes).toEqual([
      [75_000, 'none'],
      [80_000, 'parity'],
      [205_000, 'none'],
    ]);
  });

  it('is told what was lost since it was told before, of the flow that is worst off', () => {
    const meter = new LossMeter();
    const calm = { sent: 1000, askedPackets: 0, askedRuns: 0, reportedFraction: 0 };
    expect(meter.measure([calm, { ...calm, askedPackets: 30, askedRuns: 10 }])).toEqual({ fraction: 0.03, meanRun: 3 });
    const later = { ...calm, sent: 2000 };
    expect(meter.measure([later, { ...later, askedPackets: 30, askedRuns: 10 }])).toEqual({ fraction: 0, meanRun: 1 });
    expect(meter.measure([{ ...later, reportedFraction: 0.2 }, later]).fraction).toBe(0.2);
  });
});

describe('the redundancy of a session', () => {
  function session(mode: 'xor' | 'auto', losses: { fraction: number }) {
    const clock = new FakeClock();
    const notes: string[] = [];
    const { packets, redundant } = flow();
    const redundancy = new SessionRedundancy({
      mode,
      flows: [redundant],
      packetTimeMs: 1,
      clock,
      onNote: (text) => notes.push(text),
      losses: () => [{ sent: clock.nowMs(), askedPackets: 0, askedRuns: 0, reportedFraction: losses.fraction }],
    });
    return { clock, notes, packets, redundant, redundancy };
  }

  it('holds from the first packet when it is fixed', () => {
    const { clock, packets, redundant, redundancy } = session('xor', { fraction: 0 });
    redundancy.start();
    for (let slot = 0; slot < 10; slot++) redundant.add(packetAt(slot, false), slot);
    expect([packets.length, clock.pendingCount]).toEqual([1, 0]);
  });

  it('follows the loss when it is automatic, and says so', () => {
    const losses = { fraction: 0 };
    const { clock, notes, packets, redundant, redundancy } = session('auto', losses);
    redundancy.start();
    clock.advance(5000);
    redundant.add(packetAt(0, false), 0);
    expect([packets.length, redundancy.measure]).toEqual([0, { kind: 'none' }]);
    losses.fraction = 0.2;
    clock.advance(5000);
    redundant.add(packetAt(1, false), 1);
    expect(packets.length).toBe(1);
    expect(notes).toEqual([
      'Redundancy: every packet again 20 ms later from now on; 20.00 % of the packets were lost.',
    ]);
    redundancy.stop();
    expect(clock.pendingCount).toBe(0);
  });
});
