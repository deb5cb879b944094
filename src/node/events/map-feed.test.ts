import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { FakePage } from '../../../test/support/fake-page.ts';
import { MAX_MAP_CLIENTS, MapFeed } from './map-feed.ts';
import { applyPatch, type Json } from './merge-patch.ts';

type Map = Record<string, Json>;

function setUp() {
  const clock = new FakeClock();
  const state: { map: Map; looks: string[] } = { map: { peers: { 1: { taken: 5 }, 2: {} } }, looks: [] };
  const feed = new MapFeed({
    clock,
    random: () => 0,
    view: (audience) => {
      state.looks.push(audience);
      return { ...structuredClone(state.map), ...(audience === 'admin' && { secret: 1 }) };
    },
  });
  const open = (audience: 'admin' | 'public' = 'public', isAllowed = () => true) => {
    const page = new FakePage();
    feed.open(page as unknown as ServerResponse, { audience, isAllowed });
    return page;
  };
  return { clock, state, feed, open };
}

describe('a live feed of a map', () => {
  it('begins with all of it and goes on with what changed, which makes the same of it', () => {
    const { clock, state, open } = setUp();
    const page = open();
    let seen = page.events()[0]!.data;
    for (const map of [
      { peers: { 1: { taken: 6 }, 2: {} } },
      { peers: { 2: {}, 3: {} }, flows: { a: 1 } },
      { peers: {} },
    ]) {
      state.map = map;
      clock.advance(500);
      const [event] = page.events();
      expect(event!.name).toBe('delta');
      seen = applyPatch(seen, event!.data);
      expect(JSON.parse(JSON.stringify(seen))).toEqual(map);
    }
    clock.advance(500);
    expect(page.events()).toEqual([]);
  });

  it('looks only while somebody is there, once for all of an audience', () => {
    const { clock, state, open, feed } = setUp();
    const pages = [open(), open(), open('admin')];
    expect(state.looks).toEqual(['public', 'admin']);
    expect(pages[1]!.text).not.toContain('secret');
    clock.advance(500);
    expect(state.looks).toHaveLength(4);
    for (const page of pages) page.destroy();
    clock.advance(60_000);
    expect([state.looks.length, feed.clients]).toEqual([4, 0]);
  });

  it('gives who comes later the map of that time, and then the same patches', () => {
    const { clock, state, open } = setUp();
    open();
    state.map = { peers: { 1: { taken: 7 } } };
    clock.advance(500);
    const late = open();
    expect(late.events()).toEqual([{ name: 'snapshot', id: '1', data: state.map }]);
    state.map = { peers: { 1: { taken: 8 } } };
    clock.advance(500);
    expect(late.events()).toEqual([{ name: 'delta', id: '2', data: { peers: { 1: { taken: 8 } } } }]);
  });

  it('sends large patches seldom', () => {
    const { clock, state, open } = setUp();
    const big = open();
    big.events();
    let large = 0;
    for (let tick = 0; tick < 40; tick++) {
      state.map = { big: String(tick).repeat(128 * 1024) };
      clock.advance(500);
      large += big.events().length;
    }
    expect(large).toBeGreaterThan(3);
    expect(large).toBeLessThanOrEqual(11);
  });

  it('says that it is there, and cuts off who does not read or may not see it any more', () => {
    const { clock, state, open, feed } = setUp();
    let isAllowed = true;
    const [quiet, slow, expelled] = [open(), open(), open('public', () => isAllowed)];
    slow.stuck = 1;
    quiet.text = '';
    clock.advance(15_000);
    expect(quiet.text).toBe(': still here\n\n');
    isAllowed = false;
    clock.advance(500);
    expect(expelled.destroyed).toBe(true);
    clock.advance(20_000);
    expect([slow.destroyed, quiet.destroyed]).toEqual([true, false]);
    const stuck = open();
    stuck.stuck = 0;
    state.map = { big: 'x'.repeat(80_000) };
    clock.advance(500);
    expect(stuck.destroyed).toBe(true);
    feed.close();
    expect(quiet.destroyed).toBe(true);
  });

  it('has room for so many', () => {
    const { open, feed } = setUp();
    for (let index = 0; index < MAX_MAP_CLIENTS; index++) open();
    expect(feed.hasRoom).toBe(false);
  });
});
