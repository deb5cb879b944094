import type { Receipt, Run } from '../../protocols/swarm/peer-messages.ts';
import type { PlannedTransfer } from '../native/conducted-file.ts';
import type { NativeMember } from '../native/native-member.ts';
import { type Lease, LeaseTrees } from '../schedule/leases.ts';
import { planTransfers } from '../schedule/plan.ts';
import { SERVER, Swarm } from '../schedule/swarm.ts';
import type { Transfer } from '../schedule/transfer-lists.ts';
import { Judge } from '../trust/judge.ts';
import type { Standing } from '../trust/trust-ledger.ts';
import { FileTally } from '../view/file-tally.ts';
import { FailedPairs } from './failed-pairs.ts';
import { LeaseWatch } from './lease-watch.ts';
import { LiveOrders } from './live-orders.ts';
import { CHUNK_MS, type LiveStream, PLAY_DELAY_MS, SUBSTREAMS, WINDOW_CHUNKS } from './live-stream.ts';
import { MissingChunks } from './missing-chunks.ts';
import { UplinkShare } from './uplink-share.ts';

/** A listener joins into the window so far from where it will play first. */
const JOIN_AHEAD_MS = 1500;
/** What orders and receipts take. */
const ORDER_AHEAD_MS = 250;
/** The parts of an uplink that mend what leases did not bring. */
const REPAIR_SHARE = 0.25;
const SERVER_REPAIR_SHARE = 0.35;
/** Proof and head of a chunk. */
const CHUNK_HEAD_BYTES = 96;
/** What leases do not bring is ordered from then on, of a peer that has it if one is free. */
const URGENT_MS = PLAY_DELAY_MS - 600;
/** What is due so soon comes from the server, whose part for that is kept. */
const RESCUE_MS = 900;
const DOWN_BYTES_PER_SECOND = 4_000_000;
/** Takers to whom a peer may push while nobody confirmed a chunk of it, or somebody complained. */
const LEASES_OF = { new: 2, suspect: 1, convicted: 0 };
/** Pairs that failed so often are not tried again. */
const MOST_FAILED = 3;
/** A source that was away: the clock of the stream is set anew. */
const JUMP_MS = 1500;

/** A lease between members; an undefined giver is the server. */
export interface PlannedLease {
  readonly giver: NativeMember | undefined;
  readonly substream: number;
  readonly takers: readonly { readonly member: NativeMember; readonly from: number }[];
}

interface Listener {
  readonly member: NativeMember;
  readonly row: number;
  readonly share: UplinkShare;
  standing: Standing | undefined;
}

/** One live stream in distribution: its listeners, who pushes to whom, and what is mended. */
export class ConductedStream {
  readonly id: number;
  readonly stream: LiveStream;
  readonly swarm: Swarm;
  readonly judge: Judge;
  readonly tally = new FileTally();
  readonly #trees: LeaseTrees;
  readonly #streamRate: number;
  readonly #listeners = new Map<number, Listener>();
  readonly #rowOf = new Map<NativeMember, number>();
  readonly #watch: LeaseWatch;
  readonly #orders = new LiveOrders();
  readonly #failures = new FailedPairs();
  readonly #missing = new MissingChunks();
  #anchorMs: number | undefined;

  constructor(id: number, stream: LiveStream, serverUpBytesPerSecond: number, random: () => number) {
    this.id = id;
    this.stream = stream;
    const chunkBytes = stream.chunkBytes + CHUNK_HEAD_BYTES;
    this.#streamRate = (chunkBytes * 1000) / CHUNK_MS;
    this.swarm = new Swarm({
      chunkBytes,
      windowChunks: WINDOW_CHUNKS,
      live: true,
      chunkDurationMs: CHUNK_MS,
      serverUpBytesPerSecond: serverUpBytesPerSecond * SERVER_REPAIR_SHARE,
      orderAheadMs: ORDER_AHEAD_MS,
    });
    this.#trees = new LeaseTrees({
      substreams: SUBSTREAMS,
      chunkBytes,
      streamBytesPerSecond: this.#streamRate,
      serverUpBytesPerSecond,
      random,
      mayMeet: (giver, taker) => this.swarm.mayMeet(giver, taker),
    });
    this.#watch = new LeaseWatch(this.swarm, this.#trees);
    this.judge = new Judge(this.swarm);
  }

  get members(): Iterable<NativeMember> {
    return this.#rowOf.keys();
  }

  get size(): number {
    return this.#rowOf.size;
  }

  has(member: NativeMember): boolean {
    return this.#rowOf.has(member);
  }

  /** What the listener is relied on to give, in rates of the stream. */
  uplinkOf(member: NativeMember): number {
    return (this.#listenerOf(member)?.share.rate ?? 0) / this.#streamRate;
  }

  /** True when the listener pushes to others now. */
  isGiving(member: NativeMember): boolean {
    return this.#trees.used(this.#rowOf.get(member) ?? -1) > 0;
  }

  /** Who pushes to whom, once for each sub-stream; an undefined giver is the server. */
  *pairs(): Generator<{ readonly giver: NativeMember | undefined; readonly taker: NativeMember }> {
    for (const row of [SERVER, ...this.#listeners.keys()]) {
      const giver = this.#listeners.get(row)?.member;
      for (let substream = 0; substream < SUBSTREAMS; substream++) {
        for (const to of this.#trees.takersOf(row, substream)) {
          const taker = this.#listeners.get(to)?.member;
          if (taker) yield { giver, taker };
        }
      }
    }
  }

  /** The publisher has chunks up to `end`. */
  born(end: number, nowMs: number): void {
    const observed = nowMs - (end - 1) * CHUNK_MS;
    const isFirst = this.#anchorMs === undefined || Math.abs(observed - this.#anchorMs) > JUMP_MS;
    this.#anchorMs = isFirst ? observed : this.#anchorMs! + (observed - this.#anchorMs!) * 0.1;
    for (let chunk = this.swarm.end; chunk < end; chunk++) this.#watch.born(chunk, nowMs);
    this.swarm.advance(Math.max(0, end - WINDOW_CHUNKS), end);
    for (const row of this.#listeners.keys())
      this.swarm.peers.playsFirstChunkAtMs[row] = this.#anchorMs + PLAY_DELAY_MS;
  }

  /** A member listens. Answers the first chunk that it is to play. */
  join(member: NativeMember, nowMs: number): number {
    const anchorMs = this.#anchorMs ?? nowMs;
    const due = Math.ceil((nowMs + JOIN_AHEAD_MS - PLAY_DELAY_MS - anchorMs) / CHUNK_MS);
    const firstChunk = Math.min(Math.max(due, this.swarm.first, 0), this.swarm.end);
    if (this.#rowOf.has(member)) return firstChunk;
    const share = new UplinkShare(this.#streamRate, capOf(member), nowMs);
    const row = this.swarm.join({
      upBytesPerSecond: share.rate * REPAIR_SHARE,
      downBytesPerSecond: DOWN_BYTES_PER_SECOND,
      reachable: member.isReachable,
      wants: true,
      prefix: member.prefix,
      widePrefix: member.widePrefix,
      playsFirstChunkAtMs: anchorMs + PLAY_DELAY_MS,
      wantsFrom: firstChunk,
    });
    const listener = { member, row, share, standing: undefined };
    this.#watch.join(row, nowMs);
    this.#listeners.set(row, listener);
    this.#rowOf.set(member, row);
    this.judge.join(row, member.trustId, member.prefix);
    this.#trees.join(row, share.rate);
    this.#limit(listener);
    return firstChunk;
  }

  /** Answers the transfers that ended with it, so that their takers can be told. */
  leave(member: NativeMember, nowMs: number): PlannedTransfer[] {
    const row = this.#rowOf.get(member);
    if (row === undefined) return [];
    this.#missing.forget(row);
    const ended = this.swarm.leave(row, nowMs);
    for (const transfer of ended) {
      this.#orders.over(transfer);
      if (transfer.taker !== row) this.#missing.add(transfer);
    }
    const named = this.#named(ended);
    this.judge.leave(row);
    this.#watch.leave(row);
    this.#trees.leave(row);
    this.#listeners.delete(row);
    this.#rowOf.delete(member);
    this.#failures.forget(row);
    return named;
  }

  /** What of a member has changed: what its user allows, or that it can be reached. */
  refresh(member: NativeMember): void {
    const listener = this.#listenerOf(member);
    if (!listener) return;
    this.swarm.peers.reachable[listener.row] = member.isReachable ? 1 : 0;
    if (capOf(member) === 0) listener.share.rate = 0;
    this.#rate(listener);
  }

  /** The member says that it holds these. */
  hold(member: NativeMember, runs: readonly Run[]): void {
    const row = this.#rowOf.get(member);
    if (row === undefined) return;
    for (const { first, count } of runs) {
      const end = Math.min(first + count, this.swarm.end);
      for (let chunk = Math.max(first, this.swarm.first); chunk < end; chunk++) this.swarm.hold(row, chunk);
    }
  }

  /** A taker tells what became of a chunk, ordered or pushed. Answers the bytes that count. */
  receipt(taker: NativeMember, giver: NativeMember | undefined, receipt: Receipt, nowMs: number): number {
    const to = this.#listenerOf(taker);
    const from = giver && this.#listenerOf(giver);
    const { chunk, outcome } = receipt;
    if (!to || (giver && !from)) return 0;
    const transfer = { giver: from?.row ?? SERVER, taker: to.row, chunk };
    const isHeld = outcome === 'ok' || outcome === 'held';
    const isOrdered = chunk < this.swarm.end && this.swarm.finish(transfer, isHeld, nowMs);
    this.#orders.over(transfer);
    if (!isHeld) {
      this.#bad(to, from, receipt, isOrdered);
      return 0;
    }
    this.swarm.hold(to.row, chunk);
    return outcome === 'ok' ? this.#confirmed(to, from, chunk, nowMs) : 0;
  }

  #confirmed(to: Listener, from: Listener | undefined, chunk: number, nowMs: number): number {
    const bytes = this.stream.chunk(chunk)?.bytes.length ?? 0;
    // Each chunk counts once for a taker, whatever it says.
    if (bytes === 0 || !this.#watch.came(to.row, chunk, nowMs)) return 0;
    this.tally.confirmed(to.member, bytes, !from);
    if (!from) return bytes;
    this.#failures.worked(from.row, to.row);
    this.judge.confirmed(from.row, to.row);
    const isPushed = this.#trees.giverOf(to.row, chunk % SUBSTREAMS) === from.row;
    const hadMs = this.#watch.heldAtMs(from.row, chunk);
    if (isPushed && hadMs !== undefined) {
      const isFull = this.#trees.used(from.row) + 1 >= (from.share.rate * 0.8 * SUBSTREAMS) / this.#streamRate;
      if (from.share.observe(Math.max(0, nowMs - hadMs), isFull, nowMs)) this.#rate(from);
    }
    this.#limit(from);
    return bytes;
  }

  #bad(to: Listener, from: Listener | undefined, { chunk, outcome }: Receipt, isOrdered: boolean): void {
    if (chunk >= this.swarm.first && chunk < this.swarm.end) this.#missing.add({ taker: to.row, chunk });
    if (!from) return;
    if (outcome !== 'bad') return this.#failed(from.row, to.row);
    // Only who was told to give can be complained about.
    if (!isOrdered && !to.member.met.has(from.member.id)) return;
    if (this.judge.complained(from.row, to.row)) this.#trees.separate(from.row, to.row);
    this.#limit(from);
  }

  #failed(giver: number, taker: number): void {
    this.#trees.separate(giver, taker);
    if (giver === SERVER) return;
    if (this.#failures.failed(giver, taker) >= MOST_FAILED) this.swarm.avoid(giver, taker);
  }

  /** The two may not be introduced to each other. */
  keepApart(giver: NativeMember | undefined, taker: NativeMember): void {
    const from = giver ? this.#rowOf.get(giver) : SERVER;
    const to = this.#rowOf.get(taker);
    if (from === undefined || to === undefined) return;
    if (from !== SERVER) this.swarm.avoid(from, to);
    this.#trees.separate(from, to);
  }

  /** Who pushes to whom from now on, and what is sent besides. */
  plan(nowMs: number, random: () => number): { leases: PlannedLease[]; transfers: PlannedTransfer[] } {
    const leases = this.#trees.replan(nowMs);
    this.#watch.told(leases, nowMs);
    for (const slow of this.#orders.takeSlow(nowMs, ({ chunk }) => this.#dueInMs(chunk, nowMs) <= RESCUE_MS)) {
      this.swarm.finish(slow, false, nowMs);
    }
    const expects = (taker: number, chunk: number) => this.#watch.expects(taker, chunk, nowMs);
    const missing = this.#missing.take();
    const options = { nowMs, random, urgentMs: URGENT_MS, rescueMs: RESCUE_MS, leased: true, expects, missing };
    const transfers = this.size === 0 ? [] : planTransfers(this.swarm, options);
    for (const transfer of transfers) this.#orders.given(transfer, nowMs);
    return { leases: this.#namedLeases(leases), transfers: this.#named(transfers) };
  }

  /** All leases, told again before they end. */
  renew(nowMs: number): PlannedLease[] {
    return this.#namedLeases(this.#trees.renew(nowMs));
  }

  /** Orders of which nothing was heard, and givers that bring nothing of what they have. */
  watch(nowMs: number): PlannedTransfer[] {
    const forgotten = this.#orders.takeForgotten(nowMs).filter((one) => this.swarm.finish(one, false, nowMs));
    for (const { giver, taker } of this.#watch.silent(nowMs)) this.#failed(giver, taker);
    return this.#named(forgotten);
  }

  #dueInMs(chunk: number, nowMs: number): number {
    return (this.#anchorMs ?? nowMs) + PLAY_DELAY_MS + chunk * CHUNK_MS - nowMs;
  }

  #listenerOf(member: NativeMember): Listener | undefined {
    const row = this.#rowOf.get(member);
    return row === undefined ? undefined : this.#listeners.get(row);
  }

  /** Its rate has changed. */
  #rate(listener: Listener): void {
    const { row, share } = listener;
    this.swarm.setRates(row, share.rate * REPAIR_SHARE, DOWN_BYTES_PER_SECOND);
    listener.standing = undefined;
    this.#limit(listener);
  }

  /** Who is new or suspected pushes to few, who was convicted to nobody; repairs come only from givers that are known. */
  #limit(listener: Listener): void {
    const { row, member, share } = listener;
    if (this.judge.ledger.given(member.trustId) === 0) this.swarm.limitGiving(row, 0);
    const standing = this.judge.ledger.standing(member.trustId);
    if (standing === listener.standing) return;
    listener.standing = standing;
    if (standing === 'trusted') this.#trees.unlimit(row, share.rate);
    else this.#trees.limit(row, share.rate > 0 ? LEASES_OF[standing] : 0);
  }

  #named(transfers: readonly Transfer[]): PlannedTransfer[] {
    return transfers.flatMap(({ giver, taker, chunk }) => {
      const to = this.#listeners.get(taker)?.member;
      const from = this.#listeners.get(giver)?.member;
      return to && (giver === SERVER || from) ? [{ giver: from, taker: to, chunk }] : [];
    });
  }

  #namedLeases(leases: readonly Lease[]): PlannedLease[] {
    return leases.flatMap(({ giver, substream, takers }) => {
      const from = this.#listeners.get(giver)?.member;
      if (giver !== SERVER && !from) return [];
      const named = takers.flatMap((row) => {
        const member = this.#listeners.get(row)?.member;
        return member ? [{ member, from: this.#firstLacked(row, substream) }] : [];
      });
      return [{ giver: from, substream, takers: named }];
    });
  }

  /** The first chunk of a sub-stream that a listener lacks. */
  #firstLacked(row: number, substream: number): number {
    const { end, first } = this.swarm;
    for (let chunk = Math.max(first, this.swarm.peers.wantsFrom[row]!); chunk < end; chunk++) {
      if (chunk % SUBSTREAMS === substream && this.swarm.lacks(row, chunk)) return chunk;
    }
    return end;
  }
}

/** What the user of a member allows it to send; undefined: as much as it can. */
function capOf({ caps }: NativeMember): number | undefined {
  if (!caps.gives || caps.metered) return 0;
  return caps.upBytesPerSecond > 0 ? caps.upBytesPerSecond : undefined;
}
