import { describe, expect, it } from 'vitest';
import { LeaseTrees } from '../schedule/leases.ts';
import { seededRandom } from '../schedule/seeded-random.ts';
import { SERVER, Swarm } from '../schedule/swarm.ts';
import { LeaseWatch } from './lease-watch.ts';
import { SUBSTREAMS } from './live-stream.ts';

const CHUNK = 0;

/** Ten listeners in trees of leases, and one chunk of sub-stream 0. */
function rig() {
  const swarm = new Swarm({
    chunkBytes: 4000,
    windowChunks: 64,
    live: true,
    chunkDurationMs: 250,
    serverUpBytesPerSecond: 20_000,
    orderAheadMs: 250,
  });
  const trees = new LeaseTrees({
    substreams: SUBSTREAMS,
    chunkBytes: 4000,
    streamBytesPerSecond: 16_000,
    serverUpBytesPerSecond: 64_000,
    random: seededRandom(1),
    mayMeet: () => true,
  });
  const watch = new LeaseWatch(swarm, trees);
  const rows = Array.from({ length: 10 }, () => {
    const row = swarm.join({ upBytesPerSecond: 8000, downBytesPerSecond: 1e6, reachable: true, wants: true });
    trees.join(row, 32_000);
    watch.join(row, 0);
    return row;
  });
  const tell = (nowMs: number) => watch.told(trees.replan(nowMs), nowMs);
  const confirm = (row: number, chunk: number, nowMs: number) => {
    swarm.hold(row, chunk);
    return watch.came(row, chunk, nowMs);
  };
  const bear = (chunk: number, nowMs: number) => {
    swarm.advance(0, chunk + 1);
    watch.born(chunk, nowMs);
  };
  tell(0);
  const first = rows.find((row) => trees.giverOf(row, 0) === SERVER)!;
  const second = rows.find((row) => trees.giverOf(row, 0) !== SERVER)!;
  return { swarm, trees, watch, tell, confirm, bear, first, second };
}

describe('the watch over leases', () => {
  it('expects a chunk for 0.9 s after its giver had it', () => {
    const { watch, trees, confirm, bear, first, second } = rig();
    bear(CHUNK, 5000);
    expect(watch.expects(first, CHUNK, 5800)).toBe(true);
    expect(watch.expects(first, CHUNK, 5900)).toBe(false);
    const giver = trees.giverOf(second, 0)!;
    confirm(giver, CHUNK, 6000);
    expect(watch.expects(second, CHUNK, 6800)).toBe(true);
    expect(watch.expects(second, CHUNK, 6900)).toBe(false);
  });

  it('expects what the giver lacks too, which is mended first, and nothing where nobody pushes', () => {
    const { watch, trees, bear, second } = rig();
    bear(CHUNK, 5000);
    expect(watch.expects(second, CHUNK, 60_000)).toBe(true);
    trees.separate(trees.giverOf(second, 0)!, second);
    expect(watch.expects(second, CHUNK, 5000)).toBe(false);
  });

  it('gives a new giver time to catch up, once it is told', () => {
    const { watch, trees, tell, bear, confirm, second } = rig();
    bear(CHUNK, 5000);
    const giver = trees.giverOf(second, 0)!;
    trees.limit(giver, 0);
    trees.replan(7000);
    const next = trees.giverOf(second, 0)!;
    expect(next).not.toBe(giver);
    if (next !== SERVER) confirm(next, CHUNK, 5100);
    expect(watch.expects(second, CHUNK, 7000)).toBe(false);
    trees.limit(next, 0);
    tell(8000);
    if (trees.giverOf(second, 0) !== SERVER) confirm(trees.giverOf(second, 0)!, CHUNK, 5100);
    expect([watch.expects(second, CHUNK, 8800), watch.expects(second, CHUNK, 8900)]).toEqual([true, false]);
  });

  it('counts a confirmation once', () => {
    const { confirm, bear, watch, first } = rig();
    bear(CHUNK, 0);
    expect([confirm(first, CHUNK, 100), confirm(first, CHUNK, 200)]).toEqual([true, false]);
    expect(watch.heldAtMs(first, CHUNK)).toBe(100);
  });

  it('names a giver that brings nothing of what it has for 3 s, once', () => {
    const { watch, bear, first } = rig();
    bear(CHUNK, 0);
    expect([...watch.silent(2900)]).toEqual([]);
    expect([...watch.silent(3000)]).toContainEqual({ giver: SERVER, taker: first });
    expect([...watch.silent(3100)]).toEqual([]);
  });
});
