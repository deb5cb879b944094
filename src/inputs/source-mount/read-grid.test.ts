import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { ReadGrid } from './read-grid.ts';

describe('ReadGrid', () => {
  it('calls all at the same whole instants, with one timer', () => {
    const clock = new FakeClock();
    const told: string[] = [];
    clock.advance(120);
    ReadGrid.of(clock, 500).add(() => told.push(`a ${clock.nowMs()}`));
    clock.advance(200);
    ReadGrid.of(clock, 500).add(() => told.push(`b ${clock.nowMs()}`));
    expect(clock.pendingCount).toBe(1);
    clock.advance(5000);
    expect(told).toEqual(['a 500', 'b 500']);
    expect(clock.pendingCount).toBe(0);
  });

  it('does not serve an instant again that a timer served a little early', () => {
    const clock = new FakeClock();
    const told: number[] = [];
    clock.advance(499.2);
    ReadGrid.of(clock, 500).add(() => told.push(clock.nowMs()));
    clock.advance(2000);
    expect(told).toEqual([1000]);
  });

  it('serves who comes back from within, at the next instant', () => {
    const clock = new FakeClock();
    const grid = ReadGrid.of(clock, 500);
    const told: number[] = [];
    const task = () => {
      told.push(clock.nowMs());
      if (told.length < 3) grid.add(task);
    };
    grid.add(task);
    clock.advance(5000);
    expect(told).toEqual([500, 1000, 1500]);
  });

  it('forgets a task, and its timer with the last', () => {
    const clock = new FakeClock();
    const grid = ReadGrid.of(clock, 500);
    const task = () => expect.unreachable();
    grid.add(task);
    grid.delete(task);
    grid.delete(task);
    expect(clock.pendingCount).toBe(0);
    clock.advance(1000);
  });
});
