import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framesPerPacketOf, maxPayloadBytes, wireBits } from './packet-size.ts';
import { planSession, requireSendable } from './plan-session.ts';
import type { PlanRequest, PlanTrack } from './request.ts';
import { packetPlanSchema } from './schema.ts';

const track = (name: string, format: Partial<PlanTrack['format']> = {}, frames?: number): PlanTrack => ({
  name,
  format: { sampleRate: 48_000, channels: 1, bitsPerSample: 24, isFloat: false, ...format },
  frames,
});
const tracks = (count: number, format: Partial<PlanTrack['format']> = {}) =>
  Array.from({ length: count }, (_, index) => track(`stem ${index + 1}`, format));
const codes = (request: PlanRequest) => planSession(request).refusals.map(({ code }) => code);

describe('packet sizes', () => {
  it.each([
    [48_000, 125, 6],
    [48_000, 333, 16],
    [48_000, 1000, 48],
    [96_000, 1000, 96],
    [44_100, 125, 6],
    [44_100, 1000, 48],
    [88_200, 1000, 96],
    [44_100, 4000, 192],
    [44_100, 10_000, 441],
    [22_050, 1000, 24],
    [32_000, 1000, 32],
    [8000, 125, 1],
    [4000, 125, 1],
  ])('%i Hz in %i us are %i sample frames', (sampleRate, ptimeUs, frames) => {
    expect(framesPerPacketOf(sampleRate, ptimeUs)).toBe(frames);
  });

  it('knows what goes through uncut, and what short packets are padded to', () => {
    expect(maxPayloadBytes(1500, 4)).toBe(1440);
    expect(maxPayloadBytes(1500, 6)).toBe(1440);
    expect(maxPayloadBytes(1400, 4)).toBe(1360);
    expect(maxPayloadBytes(1400, 6)).toBe(1340);
    expect(wireBits(144, 4)).toBe(222 * 8);
    expect(wireBits(2, 4)).toBe(84 * 8);
  });
});

describe('planSession', () => {
  it('warns of more packets than a core was seen to send in time', () => {
    expect(planSession({ tracks: tracks(48) }).notes).toEqual([]);
    expect(planSession({ tracks: tracks(64) }).notes).toEqual([
      expect.stringMatching(/^64000 packets a second: 48000 are the most .* --layout 8 or a longer --ptime/),
    ]);
    expect(planSession({ tracks: tracks(64) }).refusals).toEqual([]);
    // What goes to a second network counts.
    expect(planSession({ tracks: tracks(32), networks: 2 }).notes).toHaveLength(1);
    expect(planSession({ tracks: tracks(64), layout: 8 }).notes).toEqual([]);
  });

  it('tells what 32 mono flows of 1 ms cost', () => {
    const plan = planSession({ tracks: tracks(32) });
    expect(plan.flows).toHaveLength(32);
    expect(plan.flows[0]).toEqual({
      encoding: 'L24',
      sampleRate: 48_000,
      channels: 1,
      sources: [{ track: 0, firstChannel: 0, channels: 1 }],
      framesPerPacket: 48,
      packetTimeUs: 1000,
      payloadBytes: 144,
      packetsPerSecond: 1000,
      megabitsPerSecond: 1.776,
    });
    expect(plan.total.packetsPerSecond).toBe(32_000);
    expect(plan.total.megabitsPerSecond).toBeCloseTo(56.832, 6);
    expect(plan.refusals).toEqual([]);
  });

  it('puts them into four flows of eight channels', () => {
    const plan = planSession({ tracks: tracks(32), layout: 8 });
    expect(plan.flows.map(({ channels }) => channels)).toEqual([8, 8, 8, 8]);
    expect(plan.flows[1]?.sources[0]).toEqual({ track: 8, firstChannel: 0, channels: 1 });
    expect(plan.flows[0]?.payloadBytes).toBe(1152);
    expect(plan.total.packetsPerSecond).toBe(4000);
    expect(plan.total.megabitsPerSecond).toBeCloseTo(39.36, 6);
  });

  it('keeps a track together where it can, and divides what has more channels than a flow', () => {
    const wide = [track('a', { channels: 5 }), track('b', { channels: 5 }), track('c', { channels: 12 })];
    const sources = (layout: PlanRequest['layout']) =>
      planSession({ tracks: wide, layout }).flows.map((flow) =>
        flow.sources.map((s) => `${s.track}:${s.firstChannel}+${s.channels}`).join(' '),
      );
    expect(sources('track')).toEqual(['0:0+5', '1:0+5', '2:0+8', '2:8+4']);
    expect(sources(8)).toEqual(['0:0+5', '1:0+5', '2:0+8', '2:8+4']);
    expect(sources(6)).toEqual(['0:0+5', '1:0+5', '2:0+6', '2:6+6']);
    expect(sources('mono')).toHaveLength(22);
    expect(planSession({ tracks: wide }).notes).toEqual(['divided among several flows: c']);
  });

  it('sends 16 bit as L16 and 24 bit as L24, never in one flow', () => {
    const mixed = [track('a'), track('b', { bitsPerSample: 16 }), track('c')];
    const plan = planSession({ tracks: mixed, layout: 8 });
    expect(plan.flows.map(({ encoding, channels }) => [encoding, channels])).toEqual([
      ['L24', 2],
      ['L16', 1],
    ]);
    const forced = planSession({ tracks: mixed, layout: 8, encoding: 'L24' });
    expect(forced.flows).toHaveLength(1);
    expect(forced.tracks.map(({ conversion }) => conversion)).toEqual(['none', 'exact', 'none']);
    expect(forced.refusals).toEqual([]);
  });

  it('keeps whole frames at 44.1 kHz', () => {
    const [flow] = planSession({ tracks: tracks(1, { sampleRate: 44_100 }) }).flows;
    expect(flow).toMatchObject({ framesPerPacket: 48, packetsPerSecond: 918.75 });
    expect(flow?.packetTimeUs).toBeCloseTo(1088.435, 3);
  });

  it('adds up the delay and says what of it is known', () => {
    const assumed = planSession({ tracks: tracks(1) }).latency;
    expect(assumed.parts.map(({ us, basis }) => [us, basis])).toEqual([
      [1000, 'exact'],
      [50_000, 'assumed'],
      [1000, 'assumed'],
      [1_000_000, 'chosen'],
      [0, 'exact'],
    ]);
    expect(assumed.totalUs).toBe(1_052_000);
    const facts = { senderLatenessUs: 200, pathUs: 300, bufferUs: 5000, sinkUs: 1000, isRealtime: true };
    const known = planSession({ tracks: tracks(1), ptimeUs: 125, latency: facts }).latency;
    expect(known.totalUs).toBe(6625);
    expect(known.parts.some(({ basis }) => basis === 'assumed')).toBe(false);
    expect(planSession({ tracks: tracks(1), latency: { isRealtime: true } }).latency.parts[1]?.us).toBe(7000);
  });

  it('says which tracks end early', () => {
    const plan = planSession({ tracks: [track('a', {}, 48_000), track('b', {}, 96_000), track('endless')] });
    expect(plan.notes).toEqual(['followed by silence: a']);
  });
});

describe('planSession refuses, and says what would do', () => {
  it('packets that would be cut up', () => {
    const { refusals } = planSession({ tracks: tracks(8), layout: 8, ptimeUs: 4000 });
    expect(refusals).toEqual([
      {
        code: 'payload',
        reason: 'a packet of 8 x L24 would hold 4608 bytes, more than the 1440 that go through uncut',
        remedy: 'Use --ptime 1ms or --layout 2.',
      },
    ]);
    expect(planSession({ tracks: tracks(8), layout: 8, ptimeUs: 1000 }).refusals).toEqual([]);
    expect(codes({ tracks: tracks(8), layout: 8, mtuBytes: 1191 })).toEqual(['payload']);
    expect(codes({ tracks: tracks(8), layout: 8, mtuBytes: 1192 })).toEqual([]);
    expect(codes({ tracks: tracks(8), layout: 8, mtuBytes: 1192, ipVersion: 6 })).toEqual(['payload']);
    const fast = planSession({ tracks: tracks(1, { sampleRate: 192_000 }), ptimeUs: 10_000 });
    expect(fast.refusals[0]?.remedy).toBe('Use --ptime 1ms.');
    expect(planSession({ tracks: tracks(1), mtuBytes: 50 }).refusals[0]?.remedy).toBe(
      'Use a network with larger packets.',
    );
  });

  it('too many packets', () => {
    expect(codes({ tracks: tracks(64) })).toEqual([]);
    expect(codes({ tracks: tracks(128) })).toEqual(['packet-rate']);
    expect(codes({ tracks: tracks(128), layout: 8 })).toEqual([]);
    expect(codes({ tracks: tracks(16), ptimeUs: 125 })).toEqual(['packet-rate']);
  });

  it('different rates, unless they are wanted', () => {
    const two = [track('a'), track('b', { sampleRate: 44_100 })];
    expect(planSession({ tracks: two }).refusals[0]).toMatchObject({
      code: 'rates',
      reason: expect.stringContaining('48000, 44100 Hz'),
    });
    const mixed = planSession({ tracks: two, layout: 8, mixed: true });
    expect(mixed.refusals).toEqual([]);
    expect(mixed.flows.map(({ sampleRate }) => sampleRate)).toEqual([48_000, 44_100]);
  });

  it('what would not arrive bit for bit, unless it is wanted', () => {
    const float = tracks(5, { bitsPerSample: 32, isFloat: true });
    expect(planSession({ tracks: float }).refusals[0]).toMatchObject({
      code: 'float',
      reason: 'stem 1, stem 2, stem 3 and 2 more: 32-bit float cannot go as linear PCM without rounding',
    });
    const rounded = planSession({ tracks: float, float: true });
    expect(rounded.refusals).toEqual([]);
    expect(rounded.notes[0]).toContain('not identical');
    const wide = tracks(1, { bitsPerSample: 32 });
    expect(codes({ tracks: wide, float: true })).toEqual(['convert']);
    expect(codes({ tracks: wide, convert: true })).toEqual([]);
    expect(codes({ tracks: [{ ...wide[0]!, validBits: 24 }] })).toEqual([]);
    expect(codes({ tracks: tracks(1), encoding: 'L16' })).toEqual(['convert']);
  });

  it('nothing, too much, and what makes no sense', () => {
    expect(codes({ tracks: [] })).toEqual(['tracks']);
    expect(codes({ tracks: tracks(1025) })).toEqual(['tracks']);
    expect(codes({ tracks: tracks(1, { channels: 65_535 }), layout: 'mono' })).toEqual(['tracks']);
    expect(codes({ tracks: tracks(1), layout: 9 })).toEqual(['layout']);
    expect(codes({ tracks: tracks(1), layout: 0 })).toEqual(['layout']);
    expect(codes({ tracks: tracks(1), ptimeUs: 124 })).toEqual(['ptime']);
    expect(codes({ tracks: tracks(1), ptimeUs: Number.NaN })).toEqual(['ptime']);
  });

  it('as an error of the program', () => {
    expect(() => requireSendable(planSession({ tracks: [] }))).toThrow('there are no tracks');
    expect(() => requireSendable(planSession({ tracks: tracks(1) }))).not.toThrow();
  });
});

describe('a plan of anything', () => {
  const anyTrack = fc.record({
    name: fc.string(),
    format: fc.record({
      sampleRate: fc.integer({ min: 1, max: 1_536_000 }),
      channels: fc.integer({ min: 1, max: 70 }),
      bitsPerSample: fc.constantFrom(16 as const, 24 as const, 32 as const),
      isFloat: fc.boolean(),
    }),
  });

  it('fits its schema, carries every channel once, and has no packet above the limit that is not refused', () => {
    const layout = fc.oneof(fc.constantFrom('mono' as const, 'track' as const), fc.integer({ min: 1, max: 8 }));
    fc.assert(
      fc.property(
        fc.array(anyTrack, { maxLength: 12 }),
        layout,
        fc.integer({ min: 125, max: 10_000 }),
        (list, flows, ptimeUs) => {
          const plan = planSession({ tracks: list, layout: flows, ptimeUs, mixed: true, float: true, convert: true });
          expect(() => packetPlanSchema.parse(JSON.parse(JSON.stringify(plan)))).not.toThrow();
          const carried = plan.flows.flatMap(({ sources }) =>
            sources.flatMap((s) => Array.from({ length: s.channels }, (_, c) => `${s.track}:${s.firstChannel + c}`)),
          );
          const expected = list.flatMap(({ format }, index) =>
            Array.from({ length: format.channels }, (_, c) => `${index}:${c}`),
          );
          expect(carried.sort()).toEqual(expected.sort());
          const isTooLarge = plan.flows.some(({ payloadBytes }) => payloadBytes > 1440);
          expect(plan.refusals.some(({ code }) => code === 'payload')).toBe(isTooLarge);
        },
      ),
      { numRuns: 150 },
    );
  });
});
