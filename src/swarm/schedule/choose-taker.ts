import { SERVER, type Swarm } from './swarm.ts';

/** How much each reason counts when a giver chooses among the takers of a chunk. */
export interface Weights {
  /** The taker's uplink waits for something to send. */
  readonly idle: number;
  /** Its uplink, as a binary logarithm of its share of the mean. */
  readonly up: number;
  /** Each chunk that it has less than the mean: all finish together. */
  readonly behind: number;
  /** It is near: same prefix. A wide prefix counts half. */
  readonly near: number;
  /** The link is open already. */
  readonly known: number;
}

/** For a stream: who soonest passes the chunk on. */
export const LIVE_WEIGHTS: Weights = { idle: 2, up: 1, behind: 0, near: 0.3, known: 0.3 };
/** For a file: as for a stream, and nobody is left behind. */
export const FILE_WEIGHTS: Weights = { idle: 1, up: 0.5, behind: 0.3, near: 0.2, known: 0.3 };

/** What a search among takers reads. */
export interface TakerSearch {
  readonly swarm: Swarm;
  readonly nowMs: number;
  readonly random: () => number;
  readonly weights: Weights;
}

/** So many takers that would do are compared, and so many looked at for them. */
const CANDIDATES = 16;
const LOOKS = 384;
/** Of the last 8 givers of a taker at most so many from one prefix, while there are others. */
const MAX_SAME_PREFIX = 6;

/**
 * The best taker of a chunk for a giver, or -1: of up to 16 that lack the chunk, have room for it and can meet the
 * giver, found from a random place on.
 */
export function bestTaker(search: TakerSearch, giver: number, chunk: number): number {
  const { swarm } = search;
  const { takers, peers } = swarm;
  const { inCount, inLimit } = peers;
  const isNew = swarm.rarity.copies[chunk % swarm.slots] === 0;
  const size = takers.size;
  if (size === 0) return -1;
  let place = Math.floor(search.random() * size);
  let best = -1;
  let bestScore = Number.NEGATIVE_INFINITY;
  let candidates = 0;
  const looks = Math.min(size, LOOKS);
  const { known } = search.weights;
  for (let look = 0; look < looks && candidates < CANDIDATES; look++) {
    const taker = takers.at(place);
    if (++place === size) place = 0;
    if (inCount[taker]! >= inLimit[taker]! || taker === giver || !swarm.lacks(taker, chunk)) continue;
    if (chunk >= endOf(swarm, taker, isNew) || !swarm.mayMeet(giver, taker)) continue;
    candidates++;
    const score = scoreOf(search, giver, taker) + (known > 0 && peers.knows(giver, taker) ? known : 0);
    if (score <= bestScore) continue;
    best = taker;
    bestScore = score;
  }
  return best;
}

/** The taker is brought chunks up to this one. New ones any player may have: were it the foremost, all would wait for it. */
function endOf({ peers, players }: Swarm, taker: number, isNew: boolean): number {
  const ahead = peers.ahead[taker]!;
  return isNew && ahead !== Number.POSITIVE_INFINITY ? players.newEnd : peers.firstMissing[taker]! + ahead;
}

function scoreOf({ swarm, nowMs, weights }: TakerSearch, giver: number, taker: number): number {
  const { peers, takers } = swarm;
  const up = peers.up[taker]!;
  let score = weights.near === 0 ? 0 : nearness(swarm, giver, taker) * weights.near;
  if (up > 0) {
    const chunkMs = (swarm.options.chunkBytes / up) * 1000;
    const backlogMs = Math.max(0, peers.upFreeAtMs[taker]! - nowMs);
    const mean = swarm.upSum / Math.max(1, takers.size);
    score += weights.idle * (1 - Math.min(2, backlogMs / chunkMs) / 2);
    score += weights.up * Math.max(-2, Math.log2(up / mean));
  } else score -= weights.up * 4;
  if (weights.behind > 0)
    score -= weights.behind * (peers.held[taker]! - (giver === SERVER ? 0 : peers.headStart[taker]!));
  return score;
}

/** 1 for the same prefix, 0.5 for the same wide one, below 0 when the taker would depend on one prefix alone. */
function nearness({ peers }: Swarm, giver: number, taker: number): number {
  const prefix = peers.prefix[giver]!;
  if (prefix < 0) return 0;
  if (prefix === peers.prefix[taker]) return peers.lastGiversOf(taker, prefix) >= MAX_SAME_PREFIX ? -1 : 1;
  return peers.widePrefix[giver] === peers.widePrefix[taker] ? 0.5 : 0;
}
