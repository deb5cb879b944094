import { afterEach, expect, it, vi } from 'vitest';
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

afterEach(() => {
  vi.unstubAllGlobals();
});

it('keeps of what it saw only what the node has not told, and at most a quarter of an hour', async () => {
  vi.stubGlobal('document', { documentElement: { dataset: { root: './' } }, baseURI: 'http://localhost/' });
  vi.stubGlobal('location', new URL('http://localhost/'));
  const { StreamHistory } = await import('../../web/history.ts');
  const seen = new StreamHistory();
  for (let second = 0; second < 1000; second++) seen.note(stream, NOW_MS + second * 1000);
  const nowMs = NOW_MS + 999_000;
  expect(seen.moments('1h', nowMs)).toHaveLength(900);
  const told = { stepMs: 10_000, t: [nowMs - 15_000, nowMs - 5000], state: [1, 1] };
  const columns = { reserveSeconds: [], bitrate: [], listeners: [], latencySeconds: [] };
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ ...told, ...columns })));
  await seen.ask('morning', '1h', nowMs);
  expect(seen.isKept).toBe(true);
  // Two steps of the node, then the five seconds that were seen since.
  expect(seen.moments('1h', nowMs).map(({ t }) => (t - nowMs) / 1000)).toEqual([-15, -5, -4, -3, -2, -1, 0]);
});
