import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { planSession } from '../plan/plan-session.ts';
import { trackSessionSchema } from '../view/schema.ts';
import type { FlowProgress, SendProgress } from './send-session.ts';
import { SendWatch } from './send-watch.ts';
import { TrackLevels } from './track-levels.ts';

const FLOW: FlowProgress = {
  sent: 0,
  bytes: 0,
  lost: 0,
  refused: 0,
  underruns: 0,
  nextSlot: 0,
  destinations: [],
  address: '239.69.0.1',
  port: 5004,
  receivers: [],
  resends: { asked: 0, resent: 0, gone: 0, refused: 0 },
};

function setUp() {
  const clock = new FakeClock();
  const format = { sampleRate: 48_000, channels: 1, bitsPerSample: 16, isFloat: false };
  const plan = planSession({
    tracks: ['Drums', 'Piano'].map((name) => ({
      name,
      format,
      frames: 480_000,
      dataStart: 44,
      dataBytes: 960_000,
      warnings: [],
    })),
    layout: 'track',
    ptimeUs: 1000,
    mixed: false,
    float: false,
    convert: false,
    ipVersion: 4,
    networks: 1,
    redundancy: 'none',
    latency: { isRealtime: false },
  } as Parameters<typeof planSession>[0]);
  const state = { flows: [FLOW, FLOW], problem: undefined as string | undefined };
  const startMs = clock.nowMs() + 500;
  const progress = (): SendProgress => ({
    elapsedSeconds: (clock.nowMs() - startMs) / 1000,
    totalSeconds: 10,
    lateness: { count: 0, p50Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 },
    behindMs: 0,
    bufferMs: 400,
    clock: undefined,
    redundancy: undefined,
    tracks: [
      { name: 'Drums', peak: 0 },
      { name: 'Piano', peak: 0, ...(state.problem === undefined ? {} : { problem: state.problem }) },
    ],
    flows: state.flows,
  });
  const levels = new TrackLevels(plan.tracks);
  const watch = new SendWatch({
    plan,
    name: 'Stems',
    levels,
    startUtcMs: clock.utcMs() + 500,
    clock,
    progress,
    latenessBins: () => [0, 0, 5],
  });
  return { clock, state, levels, watch };
}

describe('a session that is looked at', () => {
  it('tells where it is, and of each second what became of the packets', () => {
    const { clock, state, watch } = setUp();
    expect(watch.view()).toMatchObject({ state: 'waiting', seconds: -0.5, title: 'Stems' });
    const receiver = { ssrc: 1, fractionLost: 0, packetsLost: 3, jitterMs: 0.5, roundTripMs: undefined, reportedMs: 0 };
    const second = (first: Partial<FlowProgress>) => {
      state.flows = [{ ...state.flows[0]!, sent: state.flows[0]!.sent + 1000, ...first }, FLOW];
      clock.advance(1000);
    };
    second({});
    second({ resends: { ...FLOW.resends, resent: 2 } });
    second({ receivers: [receiver] });
    second({});
    state.problem = 'cannot be read';
    const view = trackSessionSchema.parse(watch.view());
    expect(view).toMatchObject({
      kind: 'send',
      state: 'running',
      seconds: 3.5,
      totalSeconds: 10,
      lateness: { count: 5 },
    });
    expect(view.flows[0]!.map!.pieces[0]).toBe('1223311');
    expect(view.flows[0]).toMatchObject({
      title: 'Drums',
      counters: { packets: 4000, resent: 2, lost_by_receivers: 3 },
    });
    expect(view.flows[1]!.map!.pieces).toEqual({});
    expect(view.tracks[1]).toMatchObject({ name: 'Piano', flow: 1, problem: 'cannot be read' });
  });

  it('measures what is read only while it is watched, and nothing after its end', () => {
    const { clock, levels, watch } = setUp();
    const taken = () => {
      const into: number[] = [];
      watch.takeLevels(into);
      return into;
    };
    const loud = Buffer.alloc(4800);
    for (let at = 0; at < loud.length; at += 2) loud.writeInt16LE(16_384, at);
    levels.note([loud, Buffer.alloc(4800)], 1);
    expect(taken()).toEqual([]);
    watch.watch(true);
    levels.note([loud, Buffer.alloc(4800)], 2);
    expect(taken()).toEqual([-60, -60, 0, -1200, -1200, 0]);
    watch.close();
    levels.note([loud, loud], 3);
    expect(taken()).toEqual([]);
    clock.advance(5000);
    expect(watch.view()).toMatchObject({
      state: 'ended',
      flows: { 0: { state: 'ended', bufferMs: 0, map: { pieces: {} } } },
    });
  });
});
