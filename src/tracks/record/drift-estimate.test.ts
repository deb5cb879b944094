import { expect, it } from 'vitest';
import { DriftEstimate } from './drift-estimate.ts';

it('finds the drift behind delays that only ever make packets later', () => {
  const drift = new DriftEstimate();
  for (let ms = 0; ms < 600_000; ms += 20) {
    // A sender 50 ppm fast: its packets come ever earlier against their timestamps.
    const delay = ms % 100 === 0 ? 0 : (ms % 37) + 1;
    drift.note(100 - ms * 50e-6 + delay, ms);
  }
  expect(drift.ppm).toBeCloseTo(50, 0);
  drift.restart();
  expect(drift.ppm).toBeUndefined();
});
