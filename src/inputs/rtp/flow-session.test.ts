import { describe, expect, it } from 'vitest';
import { TestSender, testSignal } from '../../../test/support/rtp-sender.ts';
import type { AudioItem } from '../../core/audio-item.ts';
import type { SessionWriter } from '../../modules/session.ts';
import { FlowLine } from '../../tracks/record/flow-line.ts';
import type { FlowSpec } from '../../tracks/record/flow-spec.ts';
import { TakeLine } from '../../tracks/record/take-line.ts';
import { FlowSession } from './flow-session.ts';

const spec: FlowSpec = {
  title: 'Desk',
  encoding: 'L16',
  sampleRate: 48_000,
  channels: 1,
  channelNames: [],
  payloadTypes: [96],
  paths: [],
};

/** Plays packets of 1 ms, each at its time, leaving out those that `isLost` names; then all is released. */
function play(count: number, isLost: (index: number) => boolean, maxSilenceMs = 2000) {
  const items: AudioItem[] = [];
  const writer = { deliver: (more: readonly AudioItem[]) => items.push(...more), end: () => {} };
  const session = new FlowSession({ spec, maxSilenceMs, open: () => writer as unknown as SessionWriter });
  const options = { sampleRate: 48_000, frameBytes: 2, payloadTypes: [96], bufferMs: 100 };
  const line = new FlowLine(options, new TakeLine(() => {}), session);
  const sender = new TestSender();
  for (let index = 0; index < count; index++) {
    if (!isLost(index)) line.receive(sender.packet(index), '10.0.0.1', 1000 + index);
    line.tick(1000 + index);
  }
  line.finish();
  session.end();
  return { items, session, bytes: Buffer.concat(items.map(({ data }) => data)) };
}

describe('the session of a flow', () => {
  it('carries every sample, little endian, in blocks of 10 ms', () => {
    const { items, bytes } = play(1000, () => false);
    expect(bytes.equals(testSignal(0, 48_000))).toBe(true);
    expect(items.every(({ data }) => data.length === 960)).toBe(true);
    expect(items[0]!.metadata?.title).toBe('Desk');
  });

  it('has silence of exactly the length of what was lost, and counts it', () => {
    const { bytes, session } = play(1000, (index) => index >= 300 && index < 317);
    expect(bytes.equals(testSignal(0, 48_000, [{ start: 300 * 48, end: 317 * 48 }]))).toBe(true);
    expect(session.counters).toMatchObject({ gaps: 1, silentFrames: 17 * 48, outages: 0 });
  });

  it('leaves a long outage out and tells of it', () => {
    const { items, bytes, session } = play(2000, (index) => index >= 300 && index < 800, 400);
    expect(bytes.equals(Buffer.concat([testSignal(0, 300 * 48), testSignal(800 * 48, 2000 * 48)]))).toBe(true);
    const told = items.filter(({ discontinuity }) => discontinuity);
    expect(told.map(({ discontinuity }) => discontinuity)).toEqual([{ cause: 'line-loss', lostMs: 500 }]);
    expect(session.counters).toMatchObject({ gaps: 0, outages: 1 });
  });
});
