import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { SilenceWatch } from './silence-watch.ts';

describe('a silence watch', () => {
  it('calls back once, so long after what was heard last', () => {
    const clock = new FakeClock();
    const silences: number[] = [];
    const watch = new SilenceWatch(clock, 1000, () => silences.push(clock.nowMs()));
    clock.advance(900);
    watch.heard();
    clock.advance(50);
    watch.heard();
    clock.advance(999);
    expect(silences).toEqual([]);
    clock.advance(5000);
    expect(silences).toEqual([1950]);
    expect(clock.pendingCount).toBe(0);
  });

  it('says nothing after it was cancelled', () => {
    const clock = new FakeClock();
    const watch = new SilenceWatch(clock, 1000, () => expect.fail('cancelled'));
    watch.cancel();
    clock.advance(5000);
    expect(clock.pendingCount).toBe(0);
  });
});
