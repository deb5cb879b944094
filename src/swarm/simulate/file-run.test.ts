import { describe, expect, it } from 'vitest';
import { type FileOptions, type FilePeer, simulateFile } from './file-run.ts';

const MEGABIT = 1_000_000;
/** What the lab adds to the model: requests and receipts wait on full uplinks, and givers get their orders early. */
const LAB = { oneWayMs: 1, controlMs: 90, orderAheadMs: 280, serverCopies: 1.33 } as const;
const LINE = { upBitsPerSecond: 4 * MEGABIT, downBitsPerSecond: 40 * MEGABIT };

function peers(count: number, peer: (index: number) => Partial<FilePeer>): FilePeer[] {
  return Array.from({ length: count }, (_, index) => ({ ...LINE, ...peer(index) }));
}

function unequal(index: number): Partial<FilePeer> {
  const upBitsPerSecond = [2, 4, 2, 4, 10][index % 5]! * MEGABIT;
  return { upBitsPerSecond, downBitsPerSecond: 10 * upBitsPerSecond };
}

/** 20 MB from a server of 8 Mbit/s; players take 80 % of the fair rate. */
function run(members: readonly FilePeer[], more: Partial<FileOptions> = {}) {
  const size = { sizeBytes: 20_000_000, chunkBytes: 65_536, serverUpBitsPerSecond: 8 * MEGABIT };
  return simulateFile({ ...size, ...LAB, seed: 1, peers: members, ...more });
}

describe('a file that is played while it comes', () => {
  it.each([
    ['20 players', peers(20, () => ({ inOrder: true }))],
    ['40 players', peers(40, () => ({ inOrder: true }))],
    ['three players', peers(3, () => ({ inOrder: true }))],
    ['unequal lines', peers(20, (index) => ({ inOrder: true, ...unequal(index) }))],
    [
      '5 of 20 that give nothing',
      peers(20, (index) => ({ inOrder: true, upBitsPerSecond: index % 4 ? 4 * MEGABIT : 0 })),
    ],
  ])('comes without a wait: %s', (_name, members) => {
    const { waits, efficiency, complete } = run(members);
    expect({ waits, complete }).toEqual({ waits: 0, complete: members.length });
    expect(efficiency).toBeGreaterThan(0.8);
  });

  it.each([2, 10])('comes without a wait to %d players among peers who take the file as a whole', (players) => {
    const { waits, efficiency } = run(peers(20, (index) => ({ inOrder: index < players })));
    expect(waits).toBe(0);
    expect(efficiency).toBeGreaterThan(0.86);
  });

  it.each([0.75, 1.2])('comes without a wait when uplinks are thought to be %d of what they are', (believes) => {
    const { waits, efficiency } = run(
      peers(20, () => ({ inOrder: true })),
      { believes },
    );
    expect(waits).toBe(0);
    expect(efficiency).toBeGreaterThan(0.8);
  });

  it('comes without a wait when players come one each second', () => {
    const { longestWaitS, complete } = run(
      peers(20, (index) => ({ inOrder: true, switchesAtMs: index < 4 ? [] : [0.001, index * 1000] })),
    );
    expect(longestWaitS).toBe(0);
    expect(complete).toBe(20);
  });
});
