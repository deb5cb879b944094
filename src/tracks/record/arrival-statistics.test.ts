import { expect, it } from 'vitest';
import { ArrivalStatistics } from './arrival-statistics.ts';

it('tells how much later than the fastest of its first packets the first one came, of all timelines', () => {
  const arrivals = new ArrivalStatistics(48_000);
  arrivals.note(0, 48, 100);
  expect(arrivals.firstLatenessMs).toBe(0);
  arrivals.note(48, 48, 99);
  arrivals.note(96, 48, 100.5);
  expect(arrivals.firstLatenessMs).toBe(2);
  // The sender's clock is faster: after a minute its packets come early, which says nothing of the first one.
  arrivals.note(60_000 * 48, 48, 60_050);
  expect(arrivals.firstLatenessMs).toBe(2);
  arrivals.restart();
  arrivals.note(0, 48, 70_000);
  arrivals.note(48, 48, 69_997.5);
  expect(arrivals.firstLatenessMs).toBe(3.5);
});
