import { describe, expect, it } from 'vitest';
import { allocateRing, RingReader, RingWriter, ringShape } from '../pace/ring.ts';
import { FlowFeedback } from './flow-feedback.ts';
import { ResendBudget } from './resend-budget.ts';

const FIRST = 65_530;

function feedback(sent: number, cells = 64) {
  const shape = ringShape(cells, 16);
  const memory = allocateRing(shape);
  const ring = new RingWriter(memory, shape);
  const reader = new RingReader(memory, shape);
  for (let slot = 0; slot < sent; slot++) {
    ring.packet[0] = slot;
    ring.commit(16, slot);
    reader.release();
  }
  return new FlowFeedback({ history: ring, firstSequence: FIRST, sampleRate: 48_000, packetsPerSecond: 1000 });
}

const nack = (...sequences: number[]) => ({ kind: 'nack' as const, senderSsrc: 9, mediaSsrc: 1, sequences });
const block = {
  ssrc: 1,
  fractionLost: 64,
  cumulativeLost: 7,
  highestSequence: 1,
  jitter: 48,
  lastSenderReport: 0,
  delaySinceLastSenderReport: 0,
};

describe('requests', () => {
  it('get the packets that left with those numbers, across the wrap', () => {
    const flow = feedback(20);
    expect(flow.answer(nack(FIRST, 65_535, 0, 5), 0).map((packet) => packet[0])).toEqual([0, 5, 6, 11]);
    expect(flow.counters).toEqual({ asked: 4, resent: 4, gone: 0, refused: 0 });
  });

  it('get nothing for what has not left yet, or is gone', () => {
    const flow = feedback(100);
    expect(flow.answer(nack((FIRST + 100) & 0xffff, (FIRST + 10) & 0xffff), 0)).toEqual([]);
    expect(flow.counters.gone).toBe(2);
    expect(feedback(0).answer(nack(FIRST), 0)).toEqual([]);
  });

  it('never make it send more than half as much again', () => {
    const flow = feedback(60);
    const asked = Array.from({ length: 40 }, (_, index) => (FIRST + 20 + index) & 0xffff);
    let answered = 0;
    for (let ms = 0; ms < 1000; ms += 10) answered += flow.answer(nack(...asked), ms).length;
    // A quarter of a second's packets at once, then 500 a second.
    expect(answered).toBeGreaterThan(700);
    expect(answered).toBeLessThanOrEqual(750);
    expect(flow.counters.refused).toBe(4000 - answered);
  });

  it('count each lost packet once, and runs of them', () => {
    const flow = feedback(60);
    flow.answer(nack(65_534, 65_535, 0, 7), 0);
    flow.answer(nack(65_534, 65_535, 0, 7, 8), 40);
    expect(flow.losses).toEqual({ packets: 5, runs: 2 });
  });
});

describe('the budget', () => {
  it('fills with time, not by asking', () => {
    const budget = new ResendBudget(8);
    expect([budget.take(0), budget.take(0), budget.take(0)]).toEqual([true, true, false]);
    expect([budget.take(100), budget.take(250), budget.take(250)]).toEqual([false, true, false]);
  });
});

describe('reports', () => {
  it('are shown until the receiver leaves or falls silent', () => {
    const flow = feedback(1);
    flow.report(5, block, { ntp: 0n, nowMs: 0 });
    flow.report(6, { ...block, fractionLost: 0 }, { ntp: 0n, nowMs: 20_000 });
    expect(flow.receivers(20_000)).toMatchObject([
      { ssrc: 5, fractionLost: 0.25, packetsLost: 7, jitterMs: 1, roundTripMs: undefined },
      { ssrc: 6 },
    ]);
    expect(flow.receivers(31_000).map(({ ssrc }) => ssrc)).toEqual([6]);
    flow.bye(6);
    expect(flow.receivers(31_000)).toEqual([]);
  });

  it('are kept of 32 receivers at most', () => {
    const flow = feedback(1);
    for (let ssrc = 0; ssrc < 100; ssrc++) flow.report(ssrc, block, { ntp: 0n, nowMs: 0 });
    expect(flow.receivers(0).length).toBe(32);
  });
});
