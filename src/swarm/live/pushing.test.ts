import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import type { Giving, PushedChunk } from '../native/giving.ts';
import type { PeerLines } from '../native/peer-lines.ts';
import { Pushing } from './pushing.ts';

const SUBSTREAMS = 4;

/** Twenty chunks that are there; `open` says to whom there is a line. */
function rig() {
  const open = new Set<number>();
  const pushed: [peer: number, chunk: number][] = [];
  const pushing = new Pushing({
    clock: new FakeClock(),
    file: 3,
    substreams: SUBSTREAMS,
    playDelayMs: 3000,
    lines: { isOpen: (peer: number) => open.has(peer) } as unknown as PeerLines,
    giving: { push: ({ peer, chunk }: PushedChunk) => void pushed.push([peer, chunk]) } as unknown as Giving,
    nowSeconds: () => 0,
    chunk: (number) => (number < 20 ? { bytes: Buffer.alloc(9), link: Buffer.alloc(9), sequence: number } : undefined),
    end: () => 20,
  });
  const lease = (substream: number, ...takers: (readonly [peer: number, from: number])[]) =>
    pushing.lease({
      type: 'lease',
      file: 3,
      substream,
      expires: 15,
      takers: takers.map(([peer, from]) => ({ peer, from })),
    });
  const take = () => pushed.splice(0);
  return { open, pushing, lease, take };
}

describe('pushing a live stream', () => {
  it('sends a taker what it lacks, then each new chunk of the sub-stream', () => {
    const { open, pushing, lease, take } = rig();
    open.add(7);
    lease(1, [7, 10]);
    expect(take()).toEqual([
      [7, 13],
      [7, 17],
    ]);
    pushing.came(18);
    pushing.came(17);
    expect(take()).toEqual([[7, 17]]);
  });

  it('keeps what a taker is owed until there is a line, and forgets it when the taker has another giver', () => {
    const { open, pushing, lease, take } = rig();
    lease(0, [7, 12]);
    lease(1, [7, 12], [8, 12]);
    expect(take()).toEqual([]);
    lease(0);
    lease(1, [7, 12]);
    for (const peer of [7, 8]) {
      open.add(peer);
      pushing.opened(peer);
    }
    expect(take()).toEqual([
      [7, 13],
      [7, 17],
    ]);
    expect(pushing.owed).toBe(0);
  });

  it('remembers nobody who was never reached and is leased to no more', () => {
    const { pushing, lease } = rig();
    for (let peer = 1; peer <= 300; peer++) lease(2, [peer, 0]);
    expect(pushing.owed).toBe(1);
    lease(2);
    expect(pushing.owed).toBe(0);
  });
});
