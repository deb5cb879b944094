import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GridPeriod, periodNs, periodOfFrames, periodOfMicroseconds, slotInstantNs } from './grid.ts';
import { NOTHING_DUE, PaceSchedule } from './schedule.ts';

const MS = 1_000_000;
const DAY_SECONDS = 24 * 3600;

/** Runs one grid with a clock that goes from period to period; answers the first wrong slot, or the number of slots. */
function runVirtually(period: GridPeriod, slots: number, isRight: (slot: number, idealNs: number) => boolean): number {
  const schedule = new PaceSchedule([period], { catchUpRate: 4 });
  for (let slot = 0; slot < slots; slot++) {
    const now = Math.ceil((slot * period.numerator) / period.denominator) + 1;
    if (schedule.take(now) !== 0 || schedule.takenSlot !== slot || !isRight(slot, schedule.takenIdealNs)) return slot;
  }
  return slots;
}

/** The instants at which slots leave when the schedule is asked as often as it wants to be, from `fromNs` on. */
function drain(
  schedule: PaceSchedule,
  fromNs: number,
  count: number,
): { slot: number; nowNs: number; idealNs: number }[] {
  const taken = [];
  let nowNs = fromNs;
  while (taken.length < count) {
    nowNs = Math.max(nowNs, schedule.nextNs());
    if (schedule.take(nowNs) === NOTHING_DUE) throw new Error('nothing due at the instant that was named');
    taken.push({ slot: schedule.takenSlot, nowNs, idealNs: schedule.takenIdealNs });
  }
  return taken;
}

describe('a day on the grid', () => {
  it('48 kHz in packets of 1 ms: every instant and timestamp is right, wraps included', () => {
    const slots = DAY_SECONDS * 1000;
    const offset = 0xffff_ff00;
    let wraps = 0;
    let previous = offset;
    const right = runVirtually(periodOfFrames(48, 48_000), slots, (slot, idealNs) => {
      const timestamp = (offset + Math.imul(slot, 48)) >>> 0;
      if (timestamp < previous) wraps++;
      previous = timestamp;
      return idealNs === slot * MS && timestamp === (offset + slot * 48) % 2 ** 32;
    });
    expect(right).toBe(slots);
    expect(wraps).toBe(1);
  });

  it('44.1 kHz in packets of 440 frames: no drift', () => {
    const period = periodOfFrames(440, 44_100);
    const slots = Math.floor((DAY_SECONDS * 44_100) / 440);
    const right = runVirtually(period, slots, (slot, idealNs) => {
      if (slot % 997 === 0 || slot === slots - 1) return idealNs === slotInstantNs(period, slot);
      // Within the rounding of the quotient: a slip of 1 ns is seen at the next exact look.
      return Math.abs(idealNs - (slot * 4_400_000_000) / 441) <= 1;
    });
    expect(right).toBe(slots);
  });
});

describe('late wake-ups', () => {
  it('give every slot of a stall of 300 ms with its own instant, four times as fast as the grid', () => {
    const schedule = new PaceSchedule([periodOfMicroseconds(1000)], { catchUpRate: 4 });
    drain(schedule, 0, 100);
    const taken = drain(schedule, 400 * MS, 500);
    expect(taken.map(({ slot }) => slot)).toEqual(Array.from({ length: 500 }, (_, index) => 100 + index));
    expect(taken.every(({ slot, idealNs }) => idealNs === slot * MS)).toBe(true);
    const onTime = taken.find(({ nowNs, idealNs }) => nowNs === idealNs)!;
    // 300 late slots and those that come meanwhile, four a millisecond: caught up after 100 ms.
    expect(onTime.nowNs / MS).toBeGreaterThan(498);
    expect(onTime.nowNs / MS).toBeLessThan(501);
    expect(taken.slice(taken.indexOf(onTime)).every(({ nowNs, idealNs }) => nowNs === idealNs)).toBe(true);
  });

  it('never give more than the capped rate and one period at once, however the thread is woken', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 * MS }), { minLength: 1, maxLength: 60 }),
        fc.constantFrom(125, 1000, 5000),
        (pauses, microseconds) => {
          const period = periodOfMicroseconds(microseconds);
          const schedule = new PaceSchedule([period], { catchUpRate: 4 });
          const times: number[] = [];
          let nowNs = 0;
          for (const pause of pauses) {
            nowNs += pause;
            while (schedule.take(nowNs) !== NOTHING_DUE) times.push(nowNs);
          }
          const gap = periodNs(period) / 4;
          for (let first = 0; first < times.length; first += 7) {
            for (let last = first; last < times.length; last += 11) {
              expect(last - first).toBeLessThanOrEqual((times[last]! - times[first]!) / gap + 5);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are not there: small lateness does not shift the next slot', () => {
    const schedule = new PaceSchedule([periodOfMicroseconds(1000)], { catchUpRate: 4 });
    for (let slot = 0; slot < 1000; slot++) {
      expect(schedule.nextNs()).toBe(slot * MS);
      expect(schedule.take(slot * MS - 1)).toBe(NOTHING_DUE);
      expect(schedule.take(slot * MS + 700_000)).toBe(0);
    }
  });
});

describe('several grids', () => {
  it('are given in the order of their instants, and end one by one', () => {
    const schedule = new PaceSchedule([periodOfMicroseconds(2000), periodOfMicroseconds(3000)], { catchUpRate: 4 });
    const order = [];
    while (order.length < 8) {
      const grid = schedule.take(schedule.nextNs());
      order.push([grid, schedule.takenIdealNs / MS]);
    }
    expect(order).toEqual([
      [0, 0],
      [1, 0],
      [0, 2],
      [1, 3],
      [0, 4],
      [0, 6],
      [1, 6],
      [0, 8],
    ]);
    schedule.end(0);
    expect([schedule.nextNs(), schedule.take(9 * MS)]).toEqual([9 * MS, 1]);
    schedule.end(1);
    expect([schedule.nextNs(), schedule.take(1e15)]).toEqual([Number.POSITIVE_INFINITY, NOTHING_DUE]);
  });

  it('refuse a catch-up rate that would never catch up', () => {
    for (const catchUpRate of [1, 0, Number.NaN]) {
      expect(() => new PaceSchedule([periodOfMicroseconds(1000)], { catchUpRate })).toThrow(RangeError);
    }
  });
});
