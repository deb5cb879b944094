import { describe, expect, it } from 'vitest';
import { type EventStream, LiveFollower } from '../../web/live-follower.ts';
import { settle } from '../support/fake-clock.ts';

interface View {
  readonly title: string;
  readonly count?: number;
}

class FakeSource implements EventStream {
  readyState = 1;
  isOpen = true;
  readonly #takers = new Map<string, (event: { data: string }) => void>();

  addEventListener(name: string, take: (event: { readonly data: string }) => void): void {
    this.#takers.set(name, take);
  }

  tell(name: string, data: unknown): void {
    this.#takers.get(name)?.({ data: JSON.stringify(data) });
  }

  /** @param isOver the browser does not try again */
  fail(isOver: boolean): void {
    this.readyState = isOver ? 2 : 0;
    this.tell('error', null);
  }

  close(): void {
    this.isOpen = false;
  }
}

function follower() {
  const sources: FakeSource[] = [];
  const seen: View[] = [];
  const meters: unknown[] = [];
  const refusals: unknown[] = [];
  const waits: { readonly ms: number; readonly task: () => void }[] = [];
  const rig = { asked: 0, rests: 0, answer: (): View => ({ title: 'asked' }) };
  const live = new LiveFollower<View>({
    connect: () => {
      sources.push(new FakeSource());
      return sources.at(-1)!;
    },
    ask: async () => {
      rig.asked++;
      return rig.answer();
    },
    onView: (view) => void seen.push(view),
    onRefusal: (error) => void refusals.push(error),
    others: { meters: (data) => void meters.push(data) },
    onRest: () => void rig.rests++,
    wait: (ms, task) => {
      const one = { ms, task };
      waits.push(one);
      return () => {
        if (waits.includes(one)) waits.splice(waits.indexOf(one), 1);
      };
    },
    random: () => 0.5,
  });
  /** Lets the time pass that is waited for. */
  const pass = async () => {
    waits.shift()!.task();
    await settle();
  };
  live.open();
  return { live, rig, sources, seen, meters, refusals, waits, pass };
}

describe('a live feed in a page', () => {
  it('is a snapshot, patches on it, and events of other names', () => {
    const { sources, seen, meters, rig } = follower();
    sources[0]!.tell('delta', { count: 9 });
    expect(seen).toEqual([]);
    sources[0]!.tell('snapshot', { title: 'one' });
    sources[0]!.tell('delta', { count: 2 });
    sources[0]!.tell('delta', { title: 'two', count: null });
    sources[0]!.tell('meters', [1, 2]);
    expect(seen).toEqual([{ title: 'one' }, { title: 'one', count: 2 }, { title: 'two' }]);
    expect(meters).toEqual([[1, 2]]);
    expect(rig.asked).toBe(0);
  });

  it('is asked for while the browser tries again, and forgets what patches were for', async () => {
    const { sources, seen, rig, waits, pass } = follower();
    sources[0]!.tell('snapshot', { title: 'one' });
    sources[0]!.fail(false);
    await settle();
    expect([rig.asked, waits[0]!.ms]).toEqual([1, 2000]);
    await pass();
    expect(rig.asked).toBe(2);
    sources[0]!.tell('delta', { count: 2 });
    expect(seen.map(({ title }) => title)).toEqual(['one', 'asked', 'asked']);
    sources[0]!.tell('snapshot', { title: 'back' });
    expect(waits).toEqual([]);
    expect(sources).toHaveLength(1);
  });

  it('is opened anew after a refusal, and tells of it', async () => {
    const { sources, refusals, rig, waits, pass } = follower();
    rig.answer = () => {
      throw new Error('sign in');
    };
    sources[0]!.fail(true);
    await settle();
    expect(refusals).toEqual([new Error('sign in')]);
    expect(waits.map(({ ms }) => ms)).toEqual([4000]);
    await pass();
    expect(sources).toHaveLength(2);
    expect(sources[0]!.isOpen).toBe(false);
  });

  it('tells nothing any more once it is closed, whatever still comes', async () => {
    const { live, sources, seen, rig, waits } = follower();
    sources[0]!.fail(true);
    live.close();
    await settle();
    expect([rig.asked, seen, waits, sources[0]!.isOpen]).toEqual([1, [], [], false]);
    expect(rig.rests).toBeGreaterThan(1);
  });
});
