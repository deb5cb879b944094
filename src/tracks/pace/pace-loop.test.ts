import { describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { periodOfMicroseconds } from './grid.ts';
import { Lane } from './lane.ts';
import { STOPPED } from './messages.ts';
import { PaceLoop } from './pace-loop.ts';
import { allocateRing, RingWriter, ringShape } from './ring.ts';
import { PaceSchedule } from './schedule.ts';
import { PaceSession } from './session.ts';
import { allocateStatistics, StatisticsReader, StatisticsWriter } from './statistics.ts';

const PACKET_BYTES = 16;
const CATCH_UP_RATE = 4;

interface Sent {
  readonly flow: number;
  readonly slot: number;
  readonly ns: number;
}

/** Flows with `packets` packets each, a grid of `periods` (us) each. A look at the clock takes 1 us, a packet 10 us. */
function setUp({
  periods,
  packets,
  spinNs = Number.POSITIVE_INFINITY,
}: {
  periods: number[];
  packets: number;
  spinNs?: number;
}) {
  const state = { ns: 0, onPacket: (_: Sent) => {} };
  const sent: Sent[] = [];
  const memory = allocateStatistics(periods.length);
  const session = new PaceSession(
    new PaceSchedule(periods.map(periodOfMicroseconds), { catchUpRate: CATCH_UP_RATE }),
    new StatisticsWriter(memory, periods.length),
    CATCH_UP_RATE,
    {
      ...systemClock,
      nowMs: () => {
        state.ns += 1000;
        return state.ns / 1e6;
      },
    },
  );
  session.startIn(0);
  const lanes = periods.map((_, flow) => {
    const shape = ringShape(packets, PACKET_BYTES);
    const ring = allocateRing(shape);
    const writer = new RingWriter(ring, shape);
    for (let slot = 0; slot < packets; slot++) {
      writer.packet.writeUInt32BE(slot);
      writer.commit(PACKET_BYTES, slot);
    }
    writer.end();
    const socket = {
      send: (packet: Buffer) => {
        sent.push({ flow, slot: packet.readUInt32BE(), ns: state.ns });
        state.ns += 10_000;
        state.onPacket(sent.at(-1)!);
      },
      close: () => {},
    };
    return new Lane(session, { destinations: [], grid: flow, rtp: undefined, isSparse: false, shape, ring }, flow, [
      socket,
    ]);
  });
  const control = new Int32Array(new SharedArrayBuffer(4));
  const loop = new PaceLoop({ session, lanes, control, spinNs });
  return { loop, sent, state, control, statistics: () => new StatisticsReader(memory, periods.length).read() };
}

describe('the pacing loop', () => {
  it('serves every slot of every grid at its instant, and ends after the last', () => {
    const { loop, sent, statistics } = setUp({ periods: [1000, 1500], packets: 10 });
    expect(loop.run()).toBe(false);
    for (const [flow, periodUs] of [1000, 1500].entries()) {
      const own = sent.filter((one) => one.flow === flow);
      expect(own.map(({ slot }) => slot)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      // At a slot of both grids the second flow goes after the first one.
      for (const { slot, ns } of own) expect(ns - slot * periodUs * 1000).toBeLessThan(30_000);
      for (const { slot, ns } of own) expect(ns).toBeGreaterThanOrEqual(slot * periodUs * 1000);
    }
    expect(statistics().flows.map((one) => one.sent)).toEqual([10, 10]);
  });

  it('gives the event loop a turn every 20 ms', () => {
    const { loop, sent, state } = setUp({ periods: [1000], packets: 50 });
    const turns: number[] = [];
    while (loop.run()) turns.push(Math.round(state.ns / 1e6));
    expect(turns).toEqual([20, 41]);
    expect(sent.map(({ slot }) => slot)).toEqual(Array.from({ length: 50 }, (_, slot) => slot));
  });

  it('sends without a turn while slots are due, but for 200 ms at most', () => {
    const { loop, sent, state } = setUp({ periods: [1000], packets: 1000 });
    state.ns = 500e6;
    state.onPacket = () => {
      // Slower than slots are caught up.
      state.ns += 500_000;
    };
    expect(loop.run()).toBe(true);
    expect(state.ns / 1e6).toBeCloseTo(700, -1);
    expect(sent.map(({ slot }) => slot)).toEqual(Array.from({ length: sent.length }, (_, slot) => slot));
    while (loop.run());
    expect(sent).toHaveLength(1000);
  });

  it('sends nothing more once it was stopped, and leaves a long wait for it', () => {
    const { loop, sent, state, control } = setUp({ periods: [1000], packets: 50 });
    state.onPacket = ({ slot }) => {
      if (slot === 4) Atomics.store(control, 0, STOPPED);
    };
    expect(loop.run()).toBe(false);
    expect(sent).toHaveLength(5);

    const asleep = setUp({ periods: [1000], packets: 50, spinNs: 0 });
    asleep.state.ns = -3600e9;
    Atomics.store(asleep.control, 0, STOPPED);
    expect(asleep.loop.run()).toBe(false);
    expect(asleep.sent).toEqual([]);
  });
});
