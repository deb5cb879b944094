import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AudioItem } from '../../../src/core/audio-item.ts';
import { audioByte } from '../../support/link-ends.ts';
import { LinkModules, SOURCE_EPOCH } from '../../support/link-modules.ts';
import { seededRandom } from '../../support/seeded-random.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'distream-link-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** From which byte to which the items go; fails where they do not follow each other or are not what the source made. */
function spanOf(items: readonly AudioItem[]): { from: number; to: number } {
  const from = items[0]!.origin!.byte;
  let at = from;
  for (const { data, origin, discontinuity } of items) {
    const isNext = origin!.epoch === SOURCE_EPOCH && origin!.byte === at && discontinuity === undefined;
    if (!isNext) throw new Error(`byte ${at} is followed by ${JSON.stringify({ origin, discontinuity })}`);
    for (let index = 0; index < data.length; index += 37) {
      if (data[index] !== audioByte(at + index, 1)) throw new Error(`byte ${at + index} is another`);
    }
    at += data.length;
  }
  return { from, to: at };
}

describe('the modules of a link', () => {
  it('pass a stream on byte for byte, with its format and titles', async () => {
    const both = new LinkModules(1);
    both.source.titles.set(10, { title: 'One - A', artist: 'One' });
    both.source.titles.set(100, { title: 'Two - B', artist: 'Two', url: 'http://x' });
    await both.start();
    await both.links.run(5000);
    const { items, events, continuities } = both.sessions;
    expect(spanOf(items)).toEqual({ from: 0, to: items.length * 384 });
    expect(items.length).toBeGreaterThan(200);
    expect(items[50]!.metadata).toEqual({ title: 'One - A', artist: 'One' });
    expect(items.find(({ metadata }) => metadata?.title === 'Two - B')!.origin!.byte).toBe(100 * 384);
    expect(new Set(items.map(({ format }) => format)).size).toBe(1);
    expect(items[0]!.format).toEqual({ ...both.source.format, primeFrames: 2 });
    expect(continuities).toEqual(['new']);
    expect(events[0]).toMatchObject({ options: { contentType: 'audio/aac', isFramed: true, peer: 'studio' } });
    expect(both.inputReport()).toMatchObject({
      counters: { gaps: 0, lost_ms: 0, frames: items.length },
      detail: { line: 'up', peer: 'studio', paths: 1, lastsSeconds: 4, reserveSeconds: 5 },
    });
    expect(both.outputReport()).toMatchObject({ state: 'sending', target: 'live to relay', detail: { receivers: 1 } });
    await both.stop('a');
    await both.stop('b');
    await both.links.run(10);
    expect([both.links.clock.pending, both.sessions.isOpen]).toEqual([0, false]);
  });

  it('pass on what the source says of itself, and what it says anew', async () => {
    const both = new LinkModules(7);
    both.stream.station = { name: 'Radio\u202e One', genre: 'jazz', url: 'http://x', bitrateKbps: 128, isPublic: true };
    await both.start();
    await both.links.run(2000);
    const said = { name: 'Radio One', genre: 'jazz', url: 'http://x', bitrateKbps: 128, isPublic: true };
    expect(both.sessions.events[0]).toMatchObject({ kind: 'open', options: { station: said } });
    both.stream.station = { ...both.stream.station };
    await both.links.run(1000);
    both.stream.station = { name: 'Two', isPublic: false };
    await both.links.run(2000);
    both.stream.station = {};
    await both.links.run(2000);
    const told = both.sessions.events.flatMap((event) => (event.kind === 'station' ? [event.station] : []));
    expect(told).toEqual([{ name: 'Two', isPublic: false }, {}]);
    // Who asks later is told what holds.
    await both.kill('b');
    both.stream.station = { name: 'Three' };
    both.startInput();
    await both.links.run(3000);
    expect(both.sessions.events[0]).toMatchObject({ options: { station: said } });
    expect(both.sessions.events.at(-1)).toMatchObject({ kind: 'station', station: { name: 'Three' } });
    await both.stop('a');
    await both.stop('b');
  });

  it('tell in words when the line is down and back, and lose nothing', async () => {
    const both = new LinkModules(2);
    await both.start();
    await both.links.run(10_000);
    both.links.path.set({ isDown: true });
    await both.links.run(9000);
    expect(both.sessions.isOpen).toBe(false);
    expect(both.inputReport().detail).toMatchObject({ line: 'down' });
    both.links.path.set({ isDown: false, bytesPerSecond: 40_000 });
    await both.links.run(8000);
    expect(both.log.lines).toEqual([
      expect.stringMatching(
        /^warn line to (studio is down; sound lasts 4 s|relay is down; 60 s of audio are kept for it)$/,
      ),
      expect.stringMatching(
        /^warn line to (studio is down; sound lasts 4 s|relay is down; 60 s of audio are kept for it)$/,
      ),
      expect.stringMatching(/^info line to relay is back after [789](\.\d)? s; .*; nothing was lost$/),
      expect.stringMatching(
        /^info line to studio is back after [789](\.\d)? s; reserve full again in .* s; nothing was lost$/,
      ),
    ]);
    expect(both.sessions.continuities).toEqual(['new', 'exact']);
    spanOf(both.sessions.items);
    expect(both.sessions.items.length).toBeGreaterThan(both.made - 20);
    await both.stop('a');
    await both.stop('b');
  });

  it('name what was lost in an outage longer than the buffer', async () => {
    const both = new LinkModules(3);
    await both.start();
    await both.links.run(5000);
    both.links.path.set({ isDown: true });
    await both.links.run(120_000);
    both.links.path.set({ isDown: false });
    await both.links.run(10_000);
    const { items } = both.sessions;
    const cuts = items.filter(({ discontinuity }) => discontinuity);
    expect(cuts).toHaveLength(1);
    const { cause, lostMs } = cuts[0]!.discontinuity!;
    const index = items.indexOf(cuts[0]!);
    const missing = cuts[0]!.origin!.byte - items[index - 1]!.origin!.byte - 384;
    expect([cause, lostMs]).toEqual(['line-loss', missing / 16]);
    expect(both.inputReport().counters).toMatchObject({ gaps: 1, lost_ms: missing / 16 });
    expect(both.log.lines.at(-1)).toMatch(/line to (studio|relay) is back after 2 min|back after 1\d\d s/);
    expect(both.log.lines.join('\n')).toMatch(/warn line to studio is back after .* s of audio were lost/);
    expect(both.log.lines.join('\n')).toMatch(/warn line to relay is back after .* kB were no longer kept/);
    await both.stop('a');
    await both.stop('b');
  });

  it('go on where they were after a failure to open', async () => {
    const both = new LinkModules(4);
    both.links.a.fault = new Error('the port is taken');
    both.startOutput();
    await expect(both.outcome('a')).rejects.toThrow('taken');
    await both.links.run(3000);
    both.links.a.fault = undefined;
    both.startOutput();
    both.startInput();
    await both.links.run(5000);
    expect(spanOf(both.sessions.items).from).toBe(0);
    await both.stop('a');
    await both.stop('b');
  });

  it('begin anew in words when a process without a disk starts again', async () => {
    const both = new LinkModules(5);
    await both.start();
    await both.links.run(5000);
    await both.kill('a');
    both.startOutput();
    await both.links.run(5000);
    const cut = both.sessions.items.findIndex(({ discontinuity }) => discontinuity);
    expect(both.sessions.items[cut]!.discontinuity).toEqual({ cause: 'line-loss', lostMs: undefined });
    spanOf(both.sessions.items.slice(0, cut));
    expect(both.inputReport().counters).toMatchObject({ restarts_of_sender: 1 });
    await both.stop('a');
    await both.stop('b');
  });
});

describe('processes with a disk', () => {
  it.each([1, 2, 3])('lose and repeat nothing, killed at any places (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const both = new LinkModules(seed, { root });
    both.links.path.set({ loss: 0.05, jitterMs: 5 });
    await both.start();
    let reached = 0;
    for (let kills = 0; kills < 10; kills++) {
      await both.links.run(300 + random() * 3000);
      const side = random() < 0.5 ? 'a' : 'b';
      if (side === 'b') {
        const span = spanOf(both.sessions.items);
        expect(span.from).toBeLessThanOrEqual(reached);
        reached = span.to;
      }
      const madeBefore = both.made;
      await both.kill(side);
      both.links.path.set({ loss: 0.05, jitterMs: 5 });
      if (side === 'a') both.isPlaying = false;
      await both.links.run(random() * 2000);
      if (side === 'a') {
        both.startOutput();
        // What feeds it gives again what it had held, and goes on.
        const overlap = Math.floor(random() * 100);
        await both.links.run(0);
        both.stream.audio(both.source.items(Math.max(0, madeBefore - overlap), both.made));
        both.isPlaying = true;
      } else both.startInput();
    }
    await both.links.run(6000);
    const span = spanOf(both.sessions.items);
    expect(span.from).toBeLessThanOrEqual(reached);
    expect(span.to).toBeGreaterThan((both.made - 50) * 384);
    expect(both.log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
    await both.stop('a');
    await both.stop('b');
  });

  it('give their listeners the reserve at once', async () => {
    const both = new LinkModules(6, { root });
    await both.start();
    await both.links.run(20_000);
    await both.kill('b');
    both.links.path.set({ isDown: true });
    both.startInput();
    await both.links.run(100);
    const { from, to } = spanOf(both.sessions.items);
    expect((to - from) / 16).toBeGreaterThan(4900);
    expect((to - from) / 16).toBeLessThanOrEqual(5000);
    expect(both.inputReport().counters).toMatchObject({ kept_ms_played: Math.round((to - from) / 16) });
    both.links.path.set({ isDown: false });
    await both.links.run(5000);
    expect(spanOf(both.sessions.items).to).toBeGreaterThan((both.made - 25) * 384);
    await both.stop('a');
    await both.stop('b');
  });
});
