import type { Missing, PlanDraft } from './plan-draft.ts';
import { SERVER } from './swarm.ts';

/** A chunk that a player needs within this time goes first. */
const URGENT_MS = 1000;
/** One that it needs within this time comes from the server if no peer is free. */
const RESCUE_MS = 700;
/** Players that one plan looks at. */
const LOOKS = 512;
/** The most of what the server sends that goes to rescues while there are new chunks to send. */
const MOST_RESCUES = 0.2;
const RESCUES_AT_ONCE = 2;

interface Due extends Missing {
  readonly dueInMs: number;
}

/**
 * What players of a file need next, what is due first before all else, from any free peer. Late is better than never:
 * a giver need not be in time. Answers what no peer can give and only the server can bring soon.
 */
export function planDueToPlayers(draft: PlanDraft): Rescues {
  const rescues: Missing[] = [];
  for (const due of dueOf(draft).sort((one, other) => one.dueInMs - other.dueInMs)) {
    if (!draft.takesMore(due.taker)) continue;
    const giver = draft.freeHolder(due, Number.POSITIVE_INFINITY);
    if (giver >= 0) draft.begin(giver, due.taker, due.chunk);
    else if (due.dueInMs <= RESCUE_MS) rescues.push(due);
  }
  return new Rescues(draft, rescues);
}

function dueOf({ swarm, nowMs, random }: PlanDraft): Due[] {
  const { players, peers, end } = swarm;
  const { rows, chunksPerMs } = players;
  const found: Due[] = [];
  const start = Math.floor(random() * rows.size);
  for (let at = 0; at < Math.min(rows.size, LOOKS); at++) {
    const taker = rows.at((start + at) % rows.size);
    const played = peers.played[taker]!;
    const startsInMs = Math.max(0, peers.playsFirstChunkAtMs[taker]! - nowMs);
    for (let chunk = peers.firstMissing[taker]!; chunk < end; chunk++) {
      const dueInMs = startsInMs + (chunk - played) / chunksPerMs;
      if (!(dueInMs <= URGENT_MS)) break;
      if (swarm.lacks(taker, chunk)) found.push({ taker, chunk, dueInMs });
    }
  }
  return found;
}

/** What the server alone can bring in time, in the order of need. */
export class Rescues {
  readonly #draft: PlanDraft;
  readonly #waiting: Missing[];
  #next = 0;

  constructor(draft: PlanDraft, waiting: Missing[]) {
    this.#draft = draft;
    this.#waiting = waiting;
  }

  /** Begins the next one if the server's part for rescues has room; with `isFree`, in any case. False when it did not. */
  begin(isFree: boolean): boolean {
    const { swarm } = this.#draft;
    for (; this.#next < this.#waiting.length; this.#next++) {
      const { taker, chunk } = this.#waiting[this.#next]!;
      if (!this.#draft.takesMore(taker)) continue;
      // What nobody has is sent by the server anyhow, and is no rescue.
      const isNew = swarm.rarity.copies[chunk]! === 0;
      if (!isFree && !isNew && !this.#isInShare()) return false;
      if (!isNew) swarm.players.rescued++;
      this.#draft.begin(SERVER, taker, chunk);
      this.#next++;
      return true;
    }
    return false;
  }

  /** New chunks must leave the server at the players' pace: who waits for those waits for all. */
  #isInShare(): boolean {
    const { players, serverSent, peers, options } = this.#draft.swarm;
    const newShare = (players.chunksPerMs * 1000 * options.chunkBytes) / peers.up[SERVER]!;
    const share = Math.min(MOST_RESCUES, 1 - newShare);
    return players.rescued < RESCUES_AT_ONCE + serverSent * share;
  }
}
