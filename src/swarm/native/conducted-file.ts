import { chunkLength, chunksOf, SWARM_CHUNK_BYTES } from '../../protocols/swarm/hash-tree.ts';
import type { Receipt, Run } from '../../protocols/swarm/peer-messages.ts';
import type { SharedFile } from '../coordinator/shared-file.ts';
import { planTransfers } from '../schedule/plan.ts';
import { SERVER, Swarm } from '../schedule/swarm.ts';
import type { Transfer } from '../schedule/transfer-lists.ts';
import { Judge } from '../trust/judge.ts';
import { FileTally } from '../view/file-tally.ts';
import type { NativeMember } from './native-member.ts';

/** What orders, receipts and requests take on lines that are full: a giver gets its next order so long before. */
const ORDER_AHEAD_MS = 280;
/** What the server sends of a file, in copies, while peers get on by themselves; heads and rescues come on top. */
const SERVER_COPIES = 1.33;
/** Until something was measured. */
const DOWN_BYTES_PER_SECOND = 4_000_000;
/** An order without a receipt for so long has failed. */
const FORGOTTEN_MS = 12_000;
/** Lines of a pair that broke so often are not tried again. */
const MOST_LOST = 3;

/** A transfer between members; undefined stands for the server. */
export interface PlannedTransfer {
  readonly giver: NativeMember | undefined;
  readonly taker: NativeMember;
  readonly chunk: number;
}

/** What a published file is made of, once its hashes are known. */
export interface PreparedFile {
  readonly file: SharedFile;
  /** Signed. */
  readonly manifest: Buffer;
  /** Of all chunks, 32 bytes each. */
  readonly hashes: Buffer;
}

/** One file in distribution: who is there, what the scheduler knows, and whom it trusts. */
export class ConductedFile {
  readonly id: number;
  readonly prepared: PreparedFile;
  readonly swarm: Swarm;
  readonly judge: Judge;
  readonly tally = new FileTally();
  readonly #rows = new Map<number, NativeMember>();
  readonly #rowOf = new Map<NativeMember, number>();
  readonly #ordered = new Map<string, { transfer: Transfer; atMs: number }>();
  readonly #lost = new Map<string, number>();

  constructor(id: number, prepared: PreparedFile, serverUpBytesPerSecond: number) {
    this.id = id;
    this.prepared = prepared;
    this.swarm = new Swarm({
      chunkBytes: SWARM_CHUNK_BYTES,
      windowChunks: chunksOf(prepared.file.size),
      live: false,
      serverUpBytesPerSecond,
      orderAheadMs: ORDER_AHEAD_MS,
      serverCopies: SERVER_COPIES,
    });
    this.judge = new Judge(this.swarm);
  }

  get members(): Iterable<NativeMember> {
    return this.#rowOf.keys();
  }

  get isEmpty(): boolean {
    return this.#rowOf.size === 0;
  }

  /** Its number in the swarm; undefined while it takes no part. */
  rowOf(member: NativeMember): number | undefined {
    return this.#rowOf.get(member);
  }

  /** The member of a number in the swarm; undefined for the server. */
  memberOf(row: number): NativeMember | undefined {
    return this.#rows.get(row);
  }

  /** Somebody lacks a part of it. */
  get isWaitedFor(): boolean {
    return this.swarm.totalNeeded > 0 || this.#ordered.size > 0;
  }

  /** Counts what could be carried in so many ms if all uplinks were full, of the server's the part for this file. */
  couldCarry(ms: number, serverUpBytesPerSecond: number): void {
    const { takers, upSum } = this.swarm;
    const most = Math.min(takers.size * serverUpBytesPerSecond, serverUpBytesPerSecond + upSum);
    this.tally.possibleBytes += (most * ms) / 1000;
  }

  has(member: NativeMember): boolean {
    return this.#rowOf.has(member);
  }

  join(member: NativeMember, inOrder: boolean, nowMs: number): void {
    if (this.#rowOf.has(member)) return;
    const row = this.swarm.join({
      upBytesPerSecond: member.upBytesPerSecond,
      downBytesPerSecond: DOWN_BYTES_PER_SECOND,
      reachable: member.isReachable,
      wants: true,
      prefix: member.prefix,
      widePrefix: member.widePrefix,
      inOrder,
    });
    this.swarm.peers.idleSinceMs[row] = nowMs;
    this.#rows.set(row, member);
    this.#rowOf.set(member, row);
    this.judge.join(row, member.trustId, member.prefix);
  }

  /** Answers the transfers that ended with it, so that their takers can be told. */
  leave(member: NativeMember, nowMs: number): PlannedTransfer[] {
    const row = this.#rowOf.get(member);
    if (row === undefined) return [];
    const ended = this.swarm.leave(row, nowMs);
    for (const transfer of ended) this.#ordered.delete(keyOf(transfer));
    const named = this.#named(ended);
    this.judge.leave(row);
    this.#rows.delete(row);
    this.#rowOf.delete(member);
    for (const key of this.#lost.keys()) if (key.split(' ').includes(String(row))) this.#lost.delete(key);
    return named;
  }

  /** What of a member has changed: its rate, or that it can be reached. */
  refresh(member: NativeMember): void {
    const row = this.#rowOf.get(member);
    if (row === undefined) return;
    this.swarm.peers.reachable[row] = member.isReachable ? 1 : 0;
    this.swarm.setRates(row, member.upBytesPerSecond, DOWN_BYTES_PER_SECOND);
  }

  /** The member says that it holds these. Runs outside of the file are ignored. */
  hold(member: NativeMember, runs: readonly Run[]): void {
    const row = this.#rowOf.get(member);
    if (row === undefined) return;
    for (const { first, count } of runs) {
      const end = Math.min(first + count, this.swarm.end);
      for (let chunk = first; chunk < end; chunk++) this.swarm.hold(row, chunk);
    }
  }

  /** Answers the giver (undefined: the server) of a transfer that ended by this receipt; `unknown` for another. */
  receipt(
    taker: NativeMember,
    giver: NativeMember | undefined,
    receipt: Receipt,
    nowMs: number,
  ): 'unknown' | { bytes: number; isBusy: boolean } {
    const to = this.#rowOf.get(taker);
    const from = giver ? this.#rowOf.get(giver) : SERVER;
    const { chunk, outcome } = receipt;
    if (to === undefined || from === undefined || chunk >= this.swarm.end) return 'unknown';
    const transfer = { giver: from, taker: to, chunk };
    const isHeld = outcome === 'ok' || outcome === 'held';
    const isKnown = this.swarm.finish(transfer, isHeld, nowMs);
    this.#ordered.delete(keyOf(transfer));
    if (!isKnown) {
      if (isHeld) this.swarm.hold(to, chunk);
      return 'unknown';
    }
    if (outcome === 'ok') return this.#confirmed(transfer, taker);
    if (outcome === 'bad' && giver) this.judge.complained(from, to);
    else if (outcome !== 'bad' && outcome !== 'held') this.#failed(transfer);
    return { bytes: 0, isBusy: this.swarm.peers.outCount[from]! > 0 };
  }

  #confirmed({ giver, taker, chunk }: Transfer, member: NativeMember): { bytes: number; isBusy: boolean } {
    const bytes = chunkLength(this.prepared.file.size, chunk);
    this.tally.confirmed(member, bytes, giver === SERVER);
    if (giver !== SERVER) this.judge.confirmed(giver, taker);
    this.#lost.delete(`${giver} ${taker}`);
    return { bytes, isBusy: this.swarm.peers.outCount[giver]! > 0 };
  }

  /** Who cannot meet, or whose line breaks again and again, is kept apart. */
  #failed({ giver, taker }: Transfer): void {
    if (giver === SERVER) return;
    const key = `${giver} ${taker}`;
    const times = (this.#lost.get(key) ?? 0) + 1;
    this.#lost.set(key, times);
    if (times >= MOST_LOST) this.swarm.avoid(giver, taker);
  }

  /** The transfers that begin now. */
  plan(nowMs: number, random: () => number): PlannedTransfer[] {
    if (this.swarm.takers.size === 0 || this.swarm.totalNeeded === 0) return [];
    const transfers = planTransfers(this.swarm, { nowMs, random });
    for (const transfer of transfers) this.#ordered.set(keyOf(transfer), { transfer, atMs: nowMs });
    return this.#named(transfers);
  }

  /** Transfers of which nothing was heard; they count as failed from now on. */
  forgotten(nowMs: number): PlannedTransfer[] {
    const old: Transfer[] = [];
    for (const [key, { transfer, atMs }] of this.#ordered) {
      if (nowMs - atMs < FORGOTTEN_MS) break;
      this.#ordered.delete(key);
      if (this.swarm.finish(transfer, false, nowMs)) old.push(transfer);
      this.#failed(transfer);
    }
    return this.#named(old);
  }

  #named(transfers: readonly Transfer[]): PlannedTransfer[] {
    return transfers.flatMap(({ giver, taker, chunk }) => {
      const to = this.#rows.get(taker);
      const from = this.#rows.get(giver);
      return to && (giver === SERVER || from) ? [{ giver: from, taker: to, chunk }] : [];
    });
  }
}

function keyOf({ giver, taker, chunk }: Transfer): string {
  return `${giver} ${taker} ${chunk}`;
}
