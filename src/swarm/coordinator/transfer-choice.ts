/**
 * The interface between the coordinator and the policy that chooses transfers; and the policy of DistribuStream.
 * @module
 */
import { chunkCount } from '../../protocols/pdtp/chunks.ts';
import type { ReadonlyChunkSet } from './chunk-set.ts';
import type { SharedFile } from './shared-file.ts';

/** A peer that gives chunks of a file. */
export interface GiverView {
  readonly id: string;
  /** Transfers that it may give more at present. */
  readonly freeSlots: number;
  /** It belongs to the publisher: its uplink is what the swarm saves. */
  readonly isServer: boolean;
  /** What it gives of this file. */
  readonly chunks: ReadonlyChunkSet;
}

/** What a taker wants of a file, and does not get yet. */
export interface WantView {
  readonly file: SharedFile;
  readonly chunks: ReadonlyChunkSet;
  /** Who gives something of the file. */
  readonly givers: readonly GiverView[];
  /** Takers that are being given this chunk now. */
  onTheWay(chunk: number): number;
}

/** A peer that wants chunks. */
export interface TakerView {
  readonly id: string;
  /** Transfers that it may take more at present. */
  readonly freeSlots: number;
  /** Transfers that it takes now. */
  readonly underWay: number;
  /** In the order in which it asked for the files. */
  readonly wants: readonly WantView[];
  /** False when the two may not be introduced, or a transfer between them has just failed. */
  mayTakeFrom(giver: GiverView): boolean;
  /** From 0 to 1; undefined: it never heard of the giver. */
  trust(giver: GiverView): number | undefined;
}

/** What a policy sees. The sets are the coordinator's own: a policy reads them, and does not keep them. */
export interface TransferView {
  readonly takers: readonly TakerView[];
  /** From 0 to 1, 1 not included. */
  readonly random: () => number;
}

/** A transfer that is to be ordered. */
export interface ChosenTransfer {
  readonly giverId: string;
  readonly takerId: string;
  readonly file: SharedFile;
  readonly chunk: number;
}

/** A policy: a pure function of what it sees, `random` included. */
export type ChooseTransfers = (view: TransferView) => readonly ChosenTransfer[];

/** Chunks of a file that are looked at for one order; those behind wait for their turn. */
const CHUNKS_LOOKED_AT = 64;
/** Givers among which one is chosen. */
const CANDIDATES = 6;
const NO_OPINION = 0.5;
/** A taker with fewer transfers than this need not wait for a peer: the server gives. */
const FEW_TRANSFERS = 2;

/**
 * DistribuStream's policy without its faults: the lowest chunk that somebody can give, file after file in the order of
 * request, each taker one transfer in turn; of up to six givers a peer before the server, then the most trusted. A chunk
 * that nobody has holds up nothing. The server gives what no other has or gets, and what a taker would have to wait for.
 */
export const chooseInOrder: ChooseTransfers = ({ takers, random }) => {
  const chosen: ChosenTransfer[] = [];
  const givenNow = new Map<string, number>();
  const chosenOf = new Map<SharedFile, Set<number>>();
  let waiting = takers.map((taker) => ({ taker, left: taker.freeSlots, cursors: new Map<SharedFile, number>() }));
  while (waiting.length > 0) {
    waiting = waiting.filter((turn) => {
      const transfer = turn.left > 0 ? nextFor(turn, { givenNow, chosenOf, random }) : undefined;
      if (!transfer) return false;
      chosen.push(transfer);
      chosenOf.set(transfer.file, (chosenOf.get(transfer.file) ?? new Set()).add(transfer.chunk));
      givenNow.set(transfer.giverId, (givenNow.get(transfer.giverId) ?? 0) + 1);
      turn.left--;
      return true;
    });
  }
  return chosen;
};

/** One taker's part of a choice. */
interface Turn {
  readonly taker: TakerView;
  readonly left: number;
  /** Where each file is looked at next. */
  readonly cursors: Map<SharedFile, number>;
}

/** What was chosen already. */
interface Choice {
  readonly givenNow: ReadonlyMap<string, number>;
  readonly chosenOf: ReadonlyMap<SharedFile, ReadonlySet<number>>;
  readonly random: () => number;
}

function nextFor({ taker, left, cursors }: Turn, { givenNow, chosenOf, random }: Choice): ChosenTransfer | undefined {
  const mayWait = taker.underWay + (taker.freeSlots - left) >= FEW_TRANSFERS;
  for (const { file, chunks, givers, onTheWay } of taker.wants) {
    const able = givers.filter((giver) => giver.freeSlots > (givenNow.get(giver.id) ?? 0) && taker.mayTakeFrom(giver));
    if (able.length === 0) continue;
    const peers = givers.filter(({ isServer }) => !isServer);
    const isElsewhere = (chunk: number) =>
      onTheWay(chunk) > 0 || chosenOf.get(file)?.has(chunk) === true || peers.some((peer) => peer.chunks.has(chunk));
    const end = chunkCount(file);
    let chunk = chunks.nextFrom(Math.max(file.firstChunk, cursors.get(file) ?? 0));
    let fallback: ChosenTransfer | undefined;
    for (let looked = 0; chunk !== undefined && chunk < end && looked < CHUNKS_LOOKED_AT; looked++) {
      const giver = giverOf(chunk, able, taker, random);
      const transfer = giver && { giverId: giver.id, takerId: taker.id, file, chunk };
      if (transfer && !(giver.isServer && isElsewhere(chunk))) {
        if (!fallback) cursors.set(file, chunk + 1);
        return transfer;
      }
      fallback ??= transfer;
      chunk = chunks.nextFrom(chunk + 1);
    }
    if (!fallback || mayWait) continue;
    cursors.set(file, fallback.chunk + 1);
    return fallback;
  }
  return undefined;
}

function giverOf(
  chunk: number,
  able: readonly GiverView[],
  taker: TakerView,
  random: () => number,
): GiverView | undefined {
  const begin = Math.floor(random() * able.length);
  let best: GiverView | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  let seen = 0;
  for (let step = 0; step < able.length && seen < CANDIDATES; step++) {
    const giver = able[(begin + step) % able.length]!;
    if (!giver.chunks.has(chunk)) continue;
    seen++;
    const score = (taker.trust(giver) ?? NO_OPINION) - (giver.isServer ? 2 : 0);
    if (score > bestScore) [best, bestScore] = [giver, score];
  }
  return best;
}
