import { describe, expect, it } from 'vitest';
import { StreamHistory, type StreamSample } from './stream-history.ts';

const SAMPLE: StreamSample = {
  state: 'live',
  gaps: 0,
  reserveSeconds: 20,
  bitrate: 128,
  listeners: 3,
  latencySeconds: 21.5,
};

describe('StreamHistory', () => {
  it('keeps bounded columns of equal length, oldest first', () => {
    const history = new StreamHistory();
    for (let second = 0; second < 90_000; second++) history.add({ ...SAMPLE, listeners: second % 7 });
    for (const [span, length, stepMs] of [
      ['5m', 300, 1000],
      ['1h', 360, 10_000],
      ['24h', 720, 120_000],
    ] as const) {
      const { t, reserveSeconds, bitrate, listeners, latencySeconds, state, ...rest } = history.view(span, 1e12);
      expect(rest).toEqual({ span, stepMs });
      for (const column of [t, reserveSeconds, bitrate, listeners, latencySeconds, state])
        expect(column).toHaveLength(length);
      expect([t.at(-1), t[1]! - t[0]!]).toEqual([1e12, stepMs]);
      expect([reserveSeconds[0], bitrate[0], latencySeconds[0]]).toEqual([20, 128, 21.5]);
    }
    expect(history.view('1h', 1e12).listeners.at(-1)).toBe(6);
  });

  it('keeps the lowest reserve and the worst state of a step', () => {
    const history = new StreamHistory();
    const states = ['live', 'reserve', 'fallback', 'live'] as const;
    for (let second = 0; second < 10; second++) {
      history.add({ ...SAMPLE, state: states[second] ?? 'live', reserveSeconds: second === 1 ? 4 : 20 });
    }
    expect(history.view('1h', 0)).toMatchObject({ state: [2], reserveSeconds: [4] });
    for (let second = 0; second < 10; second++) history.add({ ...SAMPLE, gaps: second < 5 ? 0 : 1 });
    expect(history.view('1h', 0).state).toEqual([2, 3]);
    expect(history.view('5m', 0).state.slice(-6)).toEqual([1, 3, 1, 1, 1, 1].slice(0, 6));
  });

  it('says null where nothing is known', () => {
    const history = new StreamHistory();
    history.add({ ...SAMPLE, state: 'waiting', bitrate: undefined, latencySeconds: undefined });
    expect(history.view('5m', 0)).toMatchObject({ state: [0], bitrate: [null], latencySeconds: [null] });
    expect(history.view('24h', 0).t).toEqual([]);
  });
});
