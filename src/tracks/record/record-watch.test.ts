import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { MemoryTakeFs } from '../../../test/support/memory-take-fs.ts';
import { TestSender } from '../../../test/support/rtp-sender.ts';
import { LEVEL_FLOOR } from '../view/level-queue.ts';
import { trackSessionSchema } from '../view/schema.ts';
import { RecordWatch } from './record-watch.ts';
import { Take } from './take.ts';

/** A take of two flows of which the first loses packets 600 to 1199, of 1 ms each. */
async function recorded(isWatched: boolean) {
  const clock = new FakeClock(Date.UTC(2026, 10, 21, 9, 30));
  const take = new Take({
    clock,
    fs: new MemoryTakeFs(),
    folder: 'takes',
    flows: ['Drums', 'Piano\u202e'].map((title) => ({
      title,
      encoding: 'L16' as const,
      sampleRate: 48_000,
      channels: 1,
      channelNames: [],
      payloadTypes: [96],
      mediaClock: { key: 'ptp 1', offset: 0 },
      paths: [{ address: '239.69.0.1', port: 5004, rtcpPort: 5005, sources: [] }],
    })),
    bufferMs: 100,
    keepsFlows: true,
    conceals: false,
    clockAccount: () => ({ source: 'local', offsetMs: null, errorBoundMs: null }),
    onNote: () => {},
  });
  let repaired = 0;
  const watch = new RecordWatch({ take, bufferMs: 100, clock, repairedOf: () => repaired });
  if (isWatched) watch.watch(true);
  const before = watch.view();
  const senders = [1, 2].map((ssrc) => new TestSender({ ssrc, firstTimestamp: 1000 }));
  for (let packet = 0; packet < 3000; packet++) {
    for (const [flow, { line }] of take.flows.entries()) {
      if (flow === 1 || packet < 600 || packet >= 1200)
        line.receive(senders[flow]!.packet(packet), '192.0.2.1', clock.nowMs());
    }
    clock.advance(1);
    take.tick();
    if (packet === 2500) repaired = 4;
    if (packet % 500 === 1) watch.tick();
    if (packet % 100 === 0) await settle();
  }
  await settle();
  return { take, watch, before };
}

describe('a take that is looked at', () => {
  it('tells of its flows and tracks, and where packets were lost and repaired', async () => {
    const { watch, before } = await recorded(false);
    expect(before).toMatchObject({ state: 'waiting', title: '', seconds: 0 });
    const view = trackSessionSchema.parse(watch.view());
    expect(view).toMatchObject({ kind: 'record', state: 'running', take: '2026-11-21T09-30-00Z', targetBufferMs: 100 });
    expect(view.seconds).toBeGreaterThan(2.7);
    expect(Object.values(view.tracks)).toEqual([
      { name: 'Drums', flow: 0, channels: 1, file: 'Drums.wav' },
      { name: 'Piano', flow: 1, channels: 1, file: 'Piano.wav' },
    ]);
    const { 0: drums, 1: piano } = view.flows;
    expect(drums).toMatchObject({
      state: 'running',
      address: '239.69.0.1:5004',
      counters: { packets: 2400, lost: 600 },
    });
    expect(drums!.map!.pieces[0]).toMatch(/^1331[12]2$/);
    expect(piano!.map!.pieces[0]).toMatch(/^1111[12]2$/);
    expect(drums!.gapSeconds).toBe(0.6);
    expect(drums!.spacing!.count).toBeGreaterThan(1000);
  });

  it('measures levels only while it is watched', async () => {
    const levels: number[] = [];
    const { watch } = await recorded(true);
    watch.takeLevels(levels);
    expect(levels).toHaveLength(6);
    expect(levels[0]).toBeGreaterThan(-300);
    expect(levels[0]! > levels[1]! && levels[1]! > LEVEL_FLOOR).toBe(true);
    watch.watch(false);
    const none: number[] = [];
    watch.takeLevels(none);
    expect(none).toEqual([]);
  });

  it('shows a flow that is added, and measures it when it is watched', async () => {
    const { take, watch } = await recorded(true);
    const flow = take.add({ ...take.flows[0]!.spec, title: 'Choir' });
    watch.added(flow);
    expect(Object.values(trackSessionSchema.parse(watch.view()).tracks).at(-1)).toMatchObject({
      name: 'Choir',
      flow: 2,
    });
    const before: number[] = [];
    watch.takeLevels(before);
    flow.tracks.samples(Buffer.alloc(9600, 0x40));
    const levels: number[] = [];
    watch.takeLevels(levels);
    expect(Math.max(...levels)).toBeGreaterThan(LEVEL_FLOOR);
  });

  it('says what is done with it after its end', async () => {
    const { watch } = await recorded(false);
    watch.stage = 'repairing';
    watch.words = 'fetching\n1 of 2';
    expect(watch.view()).toMatchObject({ state: 'repairing', words: 'fetching 1 of 2' });
    expect(Object.values(watch.view().flows).map(({ state, bufferMs }) => [state, bufferMs])).toEqual([
      ['ended', 0],
      ['ended', 0],
    ]);
  });
});
