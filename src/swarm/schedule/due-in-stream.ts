import type { Missing, PlanDraft } from './plan-draft.ts';
import { SERVER } from './swarm.ts';

/** How a stream's deadlines are kept. */
export interface StreamDueOptions {
  /** A chunk that is due within this time goes first. */
  readonly urgentMs: number;
  /** A chunk that is due within this time comes from the server if no peer is free. */
  readonly rescueMs: number;
  /** Leases carry the new chunks; the server keeps a part of its uplink for rescues. */
  readonly leased: boolean;
  /** True while a lease is expected to bring a chunk. */
  readonly expects: (taker: number, chunk: number) => boolean;
}

interface Late extends Missing {
  readonly dueInMs: number;
}

/** What is due first of a stream, of all takers: when not all can be mended in time, those that have time left wait. */
export function planDueOfStream(draft: PlanDraft, options: StreamDueOptions): void {
  const late = lateOf(draft, options).sort((one, other) => one.dueInMs - other.dueInMs);
  for (const one of late) {
    if (draft.takesMore(one.taker)) order(draft, options, one);
  }
}

/** Chunks that are known not to come, if they are still lacking. */
export function planMissing(draft: PlanDraft, options: StreamDueOptions, missing: readonly Missing[]): void {
  const { peers, first, end, options: stream } = draft.swarm;
  for (const { taker, chunk } of missing) {
    if (chunk < first || chunk >= end || !draft.swarm.lacks(taker, chunk)) continue;
    const dueMs = peers.playsFirstChunkAtMs[taker]! + chunk * (stream.chunkDurationMs ?? 0);
    order(draft, options, { taker, chunk, dueInMs: dueMs - draft.nowMs });
  }
}

/** For each taker the chunks that it plays next, lacks, and does not expect. */
function lateOf({ swarm, nowMs, random }: PlanDraft, { urgentMs, rescueMs, expects }: StreamDueOptions): Late[] {
  const { takers, peers } = swarm;
  const durationMs = swarm.options.chunkDurationMs!;
  const late: Late[] = [];
  const start = Math.floor(random() * takers.size);
  for (let at = 0; at < takers.size; at++) {
    const taker = takers.at((start + at) % takers.size);
    const elapsedMs = nowMs - peers.playsFirstChunkAtMs[taker]!;
    const from = Math.max(Math.ceil(elapsedMs / durationMs), swarm.first, peers.wantsFrom[taker]!);
    const to = Math.min(Math.floor((elapsedMs + urgentMs) / durationMs) + 1, swarm.end);
    for (let chunk = from; chunk < to; chunk++) {
      const dueInMs = chunk * durationMs - elapsedMs;
      if (!swarm.lacks(taker, chunk)) continue;
      if (dueInMs <= rescueMs || !expects(taker, chunk)) late.push({ taker, chunk, dueInMs });
    }
  }
  return late;
}

function order(draft: PlanDraft, { rescueMs, leased }: StreamDueOptions, late: Late): void {
  const { taker, chunk, dueInMs } = late;
  const isRescue = dueInMs <= rescueMs && draft.serverIsInTime(dueInMs);
  // Of a stream the server's part for rescues is kept, so it is there; a second giver may fail as the first did.
  if (isRescue && leased) return draft.begin(SERVER, taker, chunk);
  const giver = draft.freeHolder(late, dueInMs - draft.swarm.options.orderAheadMs / 2);
  if (giver >= 0) draft.begin(giver, taker, chunk);
  else if (isRescue) draft.begin(SERVER, taker, chunk);
}
