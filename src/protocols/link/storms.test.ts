import { describe, expect, it } from 'vitest';
import { Storm } from '../../../test/support/link-storm.ts';

// LINK_STORMS=1000 runs as many; the default is quick. LINK_STORM=17 runs that seed alone.
const only = Number(process.env.LINK_STORM ?? 0);
const first = only || 1;
const count = only ? 1 : Number(process.env.LINK_STORMS ?? 60);
const GROUP = 10;
/** Seeds that found a fault once: 393, an older START that was lost pushed a newer one out of the queue. */
const FOUND = [393];

describe('storms: outages, loss, reordering, duplication, corruption, dead paths, new addresses, restarts', () => {
  it.each(FOUND)('that found a fault once: %i', check);

  const groups = Array.from({ length: Math.ceil(count / GROUP) }, (_, index) => first + index * GROUP);
  it.each(groups)('leave the audio identical, or name what is missing (seeds from %i)', (from) => {
    for (let seed = from; seed < Math.min(from + GROUP, first + count); seed++) check(seed);
  });
});

function check(seed: number): void {
  const { listener, position, source, violations, log } = new Storm(seed).run();
  const story = `seed ${seed}\n${log.join('\n')}`;
  expect(violations, story).toEqual([]);
  expect([listener.wrongBytes, listener.repeatedBytes], story).toEqual([0, 0]);
  // All of it has come, and the end is told once.
  expect(position?.offset, story).toBe(source.store.newest);
  expect(listener.ends, story).toBe(1);
  // What holds is known, whatever was lost before.
  expect(listener.formats, story).toBeGreaterThan(0);
  expect(listener.titles.at(-1)?.title ?? '', story).toBe(source.lastTitle);
  // What is missing is missing in gaps, of the length they tell.
  const lostMs = listener.gaps.reduce((total, gap) => total + (gap.lostMs ?? 0), 0);
  expect(Math.abs(lostMs - listener.missingBytes / 16), story).toBeLessThan(1 + listener.gaps.length);
  // A sender that keeps more than the longest outage loses nothing.
  if (seed % 3 !== 0) expect(listener.gaps, story).toEqual([]);
}
