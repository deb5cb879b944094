import { describe, expect, it } from 'vitest';
import type { NodeStatus } from '../node/status/schema.ts';
import { DemoWatch } from './demo-watch.ts';
import type { LineReport } from './unstable-line.ts';

function setUp() {
  const printed: string[] = [];
  const watch = new DemoWatch((line) => printed.push(line));
  const line: { -readonly [Key in keyof LineReport]: LineReport[Key] } = {
    state: 'up',
    sinceMs: 0,
    outages: 0,
    totalDownMs: 0,
  };
  const stream = { buffer: { reserveSeconds: 24.96 }, counters: { gaps: 0, stalls: 0 } };
  watch.observe(
    () => line,
    () => ({ streams: [stream] }) as unknown as NodeStatus,
  );
  return { printed, watch, line, stream };
}

describe('DemoWatch', () => {
  it('answers a status before anything runs', () => {
    expect(new DemoWatch(() => {}).status()).toEqual({
      line: { state: 'up', sinceSeconds: 0, outages: 0, downSeconds: 0 },
      reserveSeconds: 0,
      gapsHeard: 0,
      directLostSeconds: 0,
    });
  });

  it('tells each change of the line in words', () => {
    const { printed, watch, stream } = setUp();
    watch.lineChanged({ state: 'down', plannedMs: 7_200 });
    stream.buffer.reserveSeconds = 17.8;
    watch.lineChanged({ state: 'up', downMs: 7_200, killedConnections: 1 });
    expect(printed).toEqual([
      'the line is black; listeners hear the reserve of 25 s',
      'the line is back after 7.2 s; nothing was lost, reserve 18 s; a direct listener has missed 6 s so far',
    ]);
  });

  it('owns up to a gap, once', () => {
    const { printed, watch, stream } = setUp();
    stream.counters.stalls = 1;
    watch.lineChanged({ state: 'up', downMs: 7_200, killedConnections: 0 });
    watch.lineChanged({ state: 'up', downMs: 3_000, killedConnections: 0 });
    expect(printed[0]).toContain('the outage was heard');
    expect(printed[1]).toContain('nothing was lost');
    expect(watch.status().gapsHeard).toBe(1);
  });

  it('counts the outage that lasts for the direct listener', () => {
    const { watch, line } = setUp();
    watch.lineChanged({ state: 'up', downMs: 5_000, killedConnections: 0 });
    Object.assign(line, { state: 'down', sinceMs: 6_000, outages: 2, totalDownMs: 11_000 });
    expect(watch.status()).toEqual({
      line: { state: 'down', sinceSeconds: 6, outages: 2, downSeconds: 11 },
      reserveSeconds: 25,
      gapsHeard: 0,
      directLostSeconds: 4 + 4,
    });
  });
});
