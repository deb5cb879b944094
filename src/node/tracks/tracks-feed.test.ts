import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { fakeStream } from '../../../test/support/fake-node-view.ts';
import { FakePage } from '../../../test/support/fake-page.ts';
import type { AudioItem } from '../../core/audio-item.ts';
import { PcmBlocks } from '../../media/pcm/pcm-blocks.ts';
import type { TrackSession } from '../../tracks/view/schema.ts';
import type { WatchedTracks } from '../../tracks/view/watched.ts';
import { applyPatch, type Json } from '../events/merge-patch.ts';
import type { MeteredStream } from './stream-meter.ts';
import { TracksDesk } from './tracks-desk.ts';
import { TracksFeed } from './tracks-feed.ts';

class FakeTake implements WatchedTracks {
  readonly id = 'record';
  isWatched = false;
  packets = 1;

  view(): TrackSession {
    return {
      kind: 'record',
      title: 'the-take',
      take: 'the-take',
      words: 'cannot open /private/file',
      state: 'running',
      seconds: 1,
      flows: {
        0: {
          title: 'Drums',
          state: 'running',
          address: '10.0.0.7:5004',
          encoding: 'L24',
          sampleRate: 48_000,
          channels: 1,
          counters: { packets: this.packets },
        },
      },
      tracks: { 0: { name: 'Drums', flow: 0, channels: 1, file: 'Drums.wav', problem: 'open /private/file' } },
    };
  }

  watch(isWatched: boolean): void {
    this.isWatched = isWatched;
  }

  takeLevels(into: number[]): void {
    into.push(-60, -90, 0);
  }
}

function setUp(streams: MeteredStream[] = []) {
  const clock = new FakeClock();
  const take = new FakeTake();
  const feed = new TracksFeed(new TracksDesk({ sessions: () => [take] }, () => streams), clock, () => 0);
  const open = (audience: 'admin' | 'public' = 'admin', isAllowed = () => true) => {
    const page = new FakePage();
    feed.open(page as unknown as ServerResponse, { audience, isAllowed });
    return page;
  };
  return { clock, take, feed, open };
}

describe('the feed of tracks', () => {
  it('begins with everything, goes on with what changed, and has levels twenty times a second', () => {
    const { clock, take, open } = setUp();
    const page = open();
    const [snapshot, ...more] = page.events();
    expect(more).toEqual([]);
    expect(snapshot).toMatchObject({ name: 'snapshot', data: { sessions: { record: { title: 'the-take' } } } });
    take.packets = 7;
    clock.advance(1000);
    const events = page.events();
    expect(events.filter(({ name }) => name === 'meters')).toHaveLength(20);
    expect(events.find(({ name }) => name === 'meters')!.data).toEqual({ record: [-60, -90, 0] });
    const deltas = events.filter(({ name }) => name === 'delta');
    expect(deltas.map(({ data }) => data)).toEqual([
      { sessions: { record: { flows: { 0: { counters: { packets: 7 } } } } } },
    ]);
    const after = applyPatch(snapshot!.data as Json, deltas[0]!.data as Json) as { sessions: { record: unknown } };
    expect(JSON.parse(JSON.stringify(after.sessions.record))).toEqual(JSON.parse(JSON.stringify(take.view())));
  });

  it('measures only while a page is open', () => {
    const { clock, take, feed, open } = setUp();
    expect([take.isWatched, clock.pendingCount]).toEqual([false, 0]);
    const page = open();
    expect(take.isWatched).toBe(true);
    page.destroy();
    clock.advance(50);
    expect([take.isWatched, clock.pendingCount, feed.clients]).toEqual([false, 0, 0]);
    open();
    feed.close();
    expect([take.isWatched, clock.pendingCount]).toEqual([false, 0]);
  });

  it('tells strangers nothing of takes, files and addresses', () => {
    const { clock, take, feed, open } = setUp();
    const page = open('public');
    take.packets = 2;
    clock.advance(500);
    expect(page.text).toContain('Drums');
    expect(page.text + JSON.stringify(feed.snapshot('public'))).not.toMatch(/the-take|10\.0\.0\.7|Drums\.wav|private/);
  });

  it('leaves levels out for a page that reads slowly, gives it everything anew, and cuts it off at last', () => {
    const { clock, take, feed, open } = setUp();
    const [slow, quick] = [open(), open()];
    slow.events();
    slow.stuck = 20_000;
    clock.advance(400);
    expect(slow.events()).toEqual([]);
    slow.stuck = 300_000;
    take.packets = 2;
    clock.advance(500);
    expect(slow.events()).toEqual([]);
    slow.stuck = undefined;
    clock.advance(500);
    const told = slow.events();
    expect(told.find(({ name }) => name === 'snapshot')).toMatchObject({
      data: { sessions: { record: { flows: { 0: { counters: { packets: 2 } } } } } },
    });
    slow.stuck = 1;
    clock.advance(40_000);
    expect([slow.destroyed, quick.destroyed, feed.clients]).toEqual([true, false, 1]);
  });

  it('ends for who may not see it any more, and has room for so many', () => {
    const { clock, feed, open } = setUp();
    let isAllowed = true;
    const page = open('admin', () => isAllowed);
    isAllowed = false;
    clock.advance(500);
    expect(page.destroyed).toBe(true);
    for (let count = 0; count < 200; count++) open();
    expect(feed.hasRoom).toBe(false);
  });

  it('shows a stream of PCM with its levels, and counters of its modules', () => {
    const listeners = new Set<(items: readonly AudioItem[]) => void>();
    const status = fakeStream({
      name: 'desk',
      format: { codec: 'pcm', contentType: 'audio/wav', sampleRate: 48_000, channels: 2 },
    });
    const input = { ...status.inputs[0]!, type: 'rtp', counters: { packets: 5 } };
    const stream: MeteredStream = {
      name: 'desk',
      status: () => ({ ...status, inputs: [input] }),
      onAudio: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const other: MeteredStream = { ...stream, name: 'radio', status: () => fakeStream() };
    const { clock, open } = setUp([stream, other]);
    expect(listeners.size).toBe(0);
    const page = open();
    const { sessions } = page.events()[0]!.data;
    expect(Object.keys(sessions)).toEqual(['record', 'stream desk']);
    expect(sessions['stream desk']).toMatchObject({
      kind: 'stream',
      tracks: { 0: { name: 'desk', channels: 2 } },
      flows: { 0: { title: 'input', counters: { packets: 5 } } },
    });
    const blocks = new PcmBlocks({ sampleRate: 48_000, channels: 2, bitsPerSample: 16, isFloat: false });
    const samples = Buffer.alloc(9600);
    for (let at = 0; at < samples.length; at += 4) samples.writeInt16LE(16_384, at);
    for (const listener of listeners) listener(blocks.push(samples));
    clock.advance(50);
    expect(page.events().at(-1)!.data['stream desk']).toEqual([-60, -60, 0, -1200, -1200, 0]);
    page.destroy();
    clock.advance(50);
    expect(listeners.size).toBe(0);
  });
});
