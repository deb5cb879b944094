import { expect, it } from 'vitest';
import { StreamHistory } from '../../web/stream-history.ts';
import type { StreamStatus } from '../../web/types.ts';

const NOW_MS = 1_800_000_000_000;
const stream = {
  state: 'live',
  bitrateKbps: 128,
  buffer: { reserveSeconds: 25 },
  counters: { gaps: 0, stalls: 0 },
  inputs: [],
  outputs: [{ listeners: 3 }],
} as unknown as StreamStatus;

it('keeps of what it saw only what the node has not told, and at most a quarter of an hour', async () => {
  const nowMs = NOW_MS + 999_000;
  const told = {
    span: '1h',
    stepMs: 10_000,
    t: [nowMs - 15_000, nowMs - 5000],
    reserveSeconds: [25, 25],
    bitrate: [128, 128],
    listeners: [3, 3],
    latencySeconds: [25, 25],
    state: [1, 1],
  };
  const seen = new StreamHistory(async () => told);
  for (let second = 0; second < 1000; second++) seen.note(stream, NOW_MS + second * 1000);
  expect(seen.moments('1h', nowMs)).toHaveLength(900);
  await seen.ask('morning', '1h', nowMs);
  expect(seen.isKept).toBe(true);
  // Two steps of the node, then the five seconds that were seen since.
  expect(seen.moments('1h', nowMs).map(({ t }) => (t - nowMs) / 1000)).toEqual([-15, -5, -4, -3, -2, -1, 0]);
  expect(seen.moments('24h', nowMs)).toHaveLength(5);
});
