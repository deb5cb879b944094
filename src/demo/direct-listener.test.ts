import { describe, expect, it } from 'vitest';
import { DirectListener } from './direct-listener.ts';

describe('DirectListener', () => {
  it('hears nothing missing while the player has sound', () => {
    const listener = new DirectListener();
    listener.outageEnded(2_000);
    expect(listener.lostMs()).toBe(0);
    expect(listener.lostMs(1_500)).toBe(0);
  });

  it('misses what is longer than the player buffer, and the time to connect again', () => {
    const listener = new DirectListener();
    listener.outageEnded(7_000);
    listener.outageEnded(3_000);
    expect(listener.lostMs()).toBe(5_000 + 1_000 + 1_000 + 1_000);
  });

  it('counts the outage that lasts', () => {
    const listener = new DirectListener();
    expect(listener.lostMs(5_000)).toBe(3_000);
    expect(listener.lostMs(0)).toBe(0);
  });
});
