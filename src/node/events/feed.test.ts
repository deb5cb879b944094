import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { fakeStream } from '../../../test/support/fake-node-view.ts';
import { FakePage } from '../../../test/support/fake-page.ts';
import { silentLogger } from '../../core/logger.ts';
import { EventLog } from './event-log.ts';
import { EventFeed } from './feed.ts';
import { applyPatch, type Json, patchOf } from './merge-patch.ts';

function setUp() {
  const clock = new FakeClock();
  const events = new EventLog({ clock, secrets: ['canary-secret'] });
  const log = events.tee(silentLogger);
  const state = { streams: [fakeStream(), fakeStream({ name: 'evening' })], node: { uptimeSeconds: 1 }, links: [] };
  const feed = new EventFeed({ clock, log: events, random: () => 0, status: () => structuredClone(state) });
  const open = (
    options: { audience?: 'admin' | 'public'; streams?: string[]; last?: string; allowed?: () => boolean } = {},
  ) => {
    const page = new FakePage();
    feed.open(page as unknown as ServerResponse, {
      audience: options.audience ?? 'admin',
      streams: options.streams && new Set(options.streams),
      lastEventId: options.last,
      isAllowed: options.allowed ?? (() => true),
    });
    return page;
  };
  return { clock, log, events, state, feed, open };
}

describe('the live feed', () => {
  it('begins with everything and goes on with what changed, which makes the same of it', () => {
    const { clock, state, open, log } = setUp();
    log.child({ stream: 'morning' }).warn('before');
    const page = open();
    const [snapshot] = page.events();
    expect(snapshot).toMatchObject({ name: 'snapshot', data: { log: [{ text: 'before', stream: 'morning' }] } });
    expect(Object.keys(snapshot!.data.status.streams)).toEqual(['morning', 'evening']);
    state.streams[0] = fakeStream({ state: 'silent' });
    state.streams.pop();
    clock.advance(500);
    const [delta] = page.events();
    expect(delta).toMatchObject({ name: 'delta', data: { streams: { morning: { state: 'silent' }, evening: null } } });
    const after = applyPatch(snapshot!.data.status, delta!.data) as { streams: Record<string, unknown> };
    expect(JSON.parse(JSON.stringify(after.streams))).toEqual({
      morning: JSON.parse(JSON.stringify(state.streams[0])),
    });
    clock.advance(2000);
    expect(page.events()).toEqual([]);
  });

  it('tells the log to administrators only, without secrets and control characters', () => {
    const { open, log } = setUp();
    const admin = open();
    const listener = open({ audience: 'public' });
    admin.events();
    expect(listener.events()[0]!.data.log).toEqual([]);
    log.error('bad\r\n\u001b[2J canary-secret at http://u:p@host/', { password: 'x', address: '1.2.3.4' });
    expect(admin.events()).toMatchObject([
      {
        name: 'log',
        data: {
          text: 'bad [2J [hidden] at http://[hidden]@host/',
          detail: { password: '[hidden]', address: '1.2.3.4' },
        },
      },
    ]);
    expect(listener.text).toBe('');
  });

  it('tells who comes back what it missed, and everything to who was away for too long', () => {
    const { clock, state, open, feed } = setUp();
    const page = open();
    const [{ id } = { id: '' }] = page.events();
    state.node.uptimeSeconds = 2;
    clock.advance(500);
    page.destroy();
    expect(open({ last: id }).events()).toMatchObject([{ name: 'delta', data: { node: { uptimeSeconds: 2 } } }]);
    expect(feed.counters.resumed).toBe(1);
    for (const last of ['', 'x', `${id}9999`, id.replace(/^./, 'z'), '-1', 'a'.repeat(2 ** 20), `${id}-1e3`]) {
      expect(open({ last }).events()[0]!.name).toBe('snapshot');
    }
  });

  it('gives a page only the streams that it asked for', () => {
    const { clock, state, open } = setUp();
    const page = open({ streams: ['evening'] });
    expect(Object.keys(page.events()[0]!.data.status.streams)).toEqual(['evening']);
    state.streams[0] = fakeStream({ state: 'silent' });
    clock.advance(500);
    expect(page.events()).toEqual([]);
  });

  it('cuts off who does not read, by bytes and by time, and counts it', () => {
    const { clock, state, open, feed } = setUp();
    const fine = open();
    const [slow, still] = [open(), open()];
    slow.stuck = 200_000;
    still.stuck = 1;
    state.node.uptimeSeconds++;
    clock.advance(500);
    expect([fine.destroyed, slow.destroyed, still.destroyed]).toEqual([false, true, false]);
    clock.advance(30_500);
    expect([fine.destroyed, still.destroyed]).toEqual([false, true]);
    expect(feed.counters.cut).toBe(2);
  });

  it('ends within a second of the session, and does nothing when nobody looks', () => {
    const { clock, open } = setUp();
    let allowed = true;
    const page = open({ allowed: () => allowed });
    allowed = false;
    clock.advance(500);
    expect(page.destroyed).toBe(true);
    clock.advance(500);
    expect(clock.pendingCount).toBe(0);
  });

  it('says that it is there when there is nothing to say', () => {
    const { clock, open } = setUp();
    const page = open();
    page.text = '';
    clock.advance(15_500);
    expect(page.text).toBe(': still here\n\n');
  });
});

describe('patchOf', () => {
  it('makes any map of any other, as RFC 7396 applies it', () => {
    const value = fc.letrec<{ map: Json; leaf: Json }>((tie) => ({
      map: fc.dictionary(fc.string({ maxLength: 3 }), fc.oneof(tie('leaf'), tie('map')), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
      leaf: fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 })),
    })).map;
    fc.assert(
      fc.property(value, value, (before, after) => {
        const patch = patchOf(before as never, after as never);
        const made = patch === undefined ? before : applyPatch(before, patch);
        expect(JSON.parse(JSON.stringify(made))).toEqual(JSON.parse(JSON.stringify(after)));
      }),
      { numRuns: 200 },
    );
  });
});
