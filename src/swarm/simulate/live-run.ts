import { LeaseWatch } from '../live/lease-watch.ts';
import { type Lease, LeaseTrees } from '../schedule/leases.ts';
import { planTransfers } from '../schedule/plan.ts';
import type { Missing } from '../schedule/plan-draft.ts';
import { seededRandom } from '../schedule/seeded-random.ts';
import { SERVER, Swarm } from '../schedule/swarm.ts';
import type { Transfer } from '../schedule/transfer-lists.ts';
import { Judge } from '../trust/judge.ts';
import { EventQueue } from './event-queue.ts';
import { LivePeer } from './live-peer.ts';
import { type LineRates, Network, TCP_SHARE } from './network.ts';

/** A live stream and who hears it. Line rates are those of the wire. */
export interface LiveOptions {
  readonly peers: number;
  readonly streamBitsPerSecond: number;
  readonly serverUpBitsPerSecond: number;
  readonly peerLine: LineRates;
  readonly oneWayMs: number;
  readonly durationMs: number;
  readonly seed: number;
  /** Share of the peers that leave each minute, each replaced by a new one. */
  readonly churnPerMinute?: number;
  /** Share of the peers that serve wrong bytes, and of those that complain about good ones. */
  readonly poisoners?: number;
  readonly liars?: number;
  /** At this time half of the peers leave within a second. */
  readonly exodusAtMs?: number;
}

/** What the listeners heard. */
export interface LiveResult {
  readonly peers: number;
  readonly listeners: number;
  readonly chunksPlayed: number;
  /** Chunks that were not there when they were due, later than 5 s after the join of their listener. */
  readonly stalls: number;
  readonly stalledListeners: number;
  /** From the end of a chunk at the server until it is at a listener, and until it is played. */
  readonly arrivalP50S: number;
  readonly arrivalP99S: number;
  readonly playDelayS: number;
  /** Streams that the server sends, on the wire, and what it would send alone. */
  readonly serverStreams: number;
  readonly offload: number;
  readonly bound: number;
  readonly rescues: number;
  readonly repairs: number;
  /** Bytes received over bytes played. */
  readonly receivedPerPlayed: number;
  readonly badChunks: number;
  readonly poisoners: number;
  readonly poisonersOut: number;
  readonly honestOut: number;
  readonly liarsFound: number;
}

const CHUNK_MS = 250;
const SUBSTREAMS = 4;
const WINDOW = 64;
/** A chunk is played so long after the server has it. */
const PLAY_DELAY_MS = 3500;
/** A listener joins into the window so far from where it will play first. */
const JOIN_AHEAD_MS = 1500;
const GRACE_MS = 5000;
const PLAN_MS = 50;
/** Receipts are sent together. */
const RECEIPTS_MS = 100;
/** The part of each uplink that mends what leases did not bring. */
const REPAIR_SHARE = 0.25;
const SERVER_REPAIR_SHARE = 0.35;
/** Manifest, frame and token of a chunk. */
const CHUNK_HEAD_BYTES = 96;
const URGENT_MS = PLAY_DELAY_MS - 600;
const RESCUE_MS = 900;

/** Takers to whom a peer may push while nobody confirmed a chunk of it, or somebody complained. */
const LEASES_OF = { new: 2, suspect: 1, convicted: 0 };

/** Plays a live stream to the peers over the network model, with leases and repairs of the server's scheduler. */
export function simulateLive(options: LiveOptions): LiveResult {
  return new LiveRun(options).run();
}

class LiveRun {
  readonly #options: LiveOptions;
  readonly #queue = new EventQueue();
  readonly #network: Network;
  readonly #swarm: Swarm;
  readonly #trees: LeaseTrees;
  readonly #watch: LeaseWatch;
  readonly #judge: Judge;
  readonly #random: () => number;
  readonly #chance: () => number;
  readonly #listeners: LivePeer[] = [];
  readonly #byRow = new Map<number, LivePeer>();
  readonly #chunkBytes: number;
  /** By sub-stream, to whom the server pushes. */
  readonly #serverPushes: Set<number>[] = Array.from({ length: SUBSTREAMS }, () => new Set());
  readonly #arrivals: number[] = [];
  #missing: Missing[] = [];
  #born = 0;
  #stalls = 0;
  #played = 0;
  #received = 0;
  #rescues = 0;
  #repairs = 0;
  #listenedMs = 0;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#chance = seededRandom(options.seed + 1);
    this.#network = new Network(this.#queue, options.oneWayMs);
    const up = options.serverUpBitsPerSecond;
    this.#network.add({ upBitsPerSecond: up, downBitsPerSecond: up });
    this.#chunkBytes = (options.streamBitsPerSecond / 8) * (CHUNK_MS / 1000) + CHUNK_HEAD_BYTES;
    const serverUp = (up * TCP_SHARE) / 8;
    this.#swarm = new Swarm({
      chunkBytes: this.#chunkBytes,
      windowChunks: WINDOW,
      live: true,
      chunkDurationMs: CHUNK_MS,
      serverUpBytesPerSecond: serverUp * SERVER_REPAIR_SHARE,
      orderAheadMs: 2 * options.oneWayMs + PLAN_MS + RECEIPTS_MS,
    });
    this.#trees = new LeaseTrees({
      substreams: SUBSTREAMS,
      chunkBytes: this.#chunkBytes,
      streamBytesPerSecond: this.#chunkBytes / (CHUNK_MS / 1000),
      serverUpBytesPerSecond: serverUp,
      random: this.#random,
      mayMeet: (giver, taker) => this.#swarm.mayMeet(giver, taker),
    });
    this.#watch = new LeaseWatch(this.#swarm, this.#trees);
    this.#judge = new Judge(this.#swarm);
  }

  run(): LiveResult {
    const { peers, durationMs, churnPerMinute, exodusAtMs } = this.#options;
    for (let index = 0; index < peers; index++) this.#queue.after((index / peers) * 3000, () => this.#join());
    if (churnPerMinute) this.#churn(60_000 / (peers * churnPerMinute));
    if (exodusAtMs !== undefined) this.#queue.after(exodusAtMs, () => this.#exodus());
    this.#bear();
    this.#plan();
    while (this.#queue.step(durationMs));
    for (const peer of this.#byRow.values()) this.#listenedMs += durationMs - peer.joinedMs;
    return this.#result();
  }

  /** A chunk is whole at the server. */
  #bear(): void {
    const chunk = this.#born++;
    this.#swarm.advance(Math.max(0, chunk - WINDOW + 1), chunk + 1);
    this.#watch.born(chunk, this.#queue.nowMs);
    for (const row of this.#serverPushes[chunk % SUBSTREAMS]!) this.#push(undefined, row, chunk);
    this.#queue.after(CHUNK_MS, () => this.#bear());
  }

  #bornAtMs(chunk: number): number {
    return chunk * CHUNK_MS;
  }

  #join(): void {
    const { peerLine, poisoners = 0, liars = 0 } = this.#options;
    const { nowMs } = this.#queue;
    const kind = this.#chance();
    const upBytesPerSecond = (peerLine.upBitsPerSecond * TCP_SHARE) / 8;
    const firstChunk = Math.max(0, Math.ceil((nowMs + JOIN_AHEAD_MS - PLAY_DELAY_MS) / CHUNK_MS));
    const row = this.#swarm.join({
      upBytesPerSecond: upBytesPerSecond * REPAIR_SHARE,
      downBytesPerSecond: (peerLine.downBitsPerSecond * TCP_SHARE) / 8,
      reachable: true,
      wants: true,
      playsFirstChunkAtMs: PLAY_DELAY_MS,
      wantsFrom: firstChunk,
    });
    const peer = new LivePeer({
      row,
      id: `peer ${this.#listeners.length}`,
      member: this.#network.add(peerLine),
      joinedMs: nowMs,
      upBytesPerSecond,
      poisons: kind < poisoners,
      lies: kind >= poisoners && kind < poisoners + liars,
      substreams: SUBSTREAMS,
    });
    this.#listeners.push(peer);
    this.#byRow.set(row, peer);
    this.#judge.join(row, peer.id, 0);
    this.#trees.join(row, upBytesPerSecond);
    this.#watch.join(row, nowMs);
    this.#limitLeases(peer);
    this.#play(peer, firstChunk);
  }

  /** Who is new or suspected pushes to one taker; who was convicted to nobody. */
  #limitLeases(peer: LivePeer): void {
    const standing = this.#judge.ledger.standing(peer.id);
    // Repairs come from givers that are known: there is no time for another mistake.
    if (this.#judge.ledger.given(peer.id) === 0) this.#swarm.limitGiving(peer.row, 0);
    if (standing === peer.standing) return;
    peer.standing = standing;
    if (standing === 'trusted') this.#trees.unlimit(peer.row, peer.upBytesPerSecond);
    else this.#trees.limit(peer.row, LEASES_OF[standing]);
  }

  #leave(peer: LivePeer): void {
    const { row } = peer;
    this.#network.cut(peer.member);
    peer.gone = true;
    for (const other of this.#byRow.values()) other.lose(peer);
    this.#listenedMs += this.#queue.nowMs - peer.joinedMs;
    this.#queue.after(this.#options.oneWayMs, () => {
      this.#swarm.leave(row, this.#queue.nowMs);
      this.#judge.leave(row);
      this.#watch.leave(row);
      this.#trees.leave(row);
      this.#byRow.delete(row);
      for (const rows of this.#serverPushes) rows.delete(row);
    });
  }

  #churn(everyMs: number): void {
    this.#queue.after(everyMs, () => {
      const here = this.#listeners.filter(({ gone }) => !gone);
      const peer = here[Math.floor(this.#chance() * here.length)];
      if (peer && here.length >= this.#options.peers * 0.9) this.#leave(peer);
      this.#join();
      this.#churn(everyMs);
    });
  }

  #exodus(): void {
    const here = this.#listeners.filter(({ gone }) => !gone);
    for (const [index, peer] of here.entries()) {
      if (index % 2 === 0) this.#queue.after(this.#chance() * 1000, () => this.#leave(peer));
    }
  }

  #plan(): void {
    const { nowMs } = this.#queue;
    const leases = this.#trees.replan(nowMs);
    this.#watch.told(leases, nowMs);
    for (const lease of leases) this.#tell(lease);
    const times = { nowMs, urgentMs: URGENT_MS, rescueMs: RESCUE_MS };
    const missing = this.#missing.splice(0);
    const expects = (taker: number, chunk: number) => this.#watch.expects(taker, chunk, nowMs);
    const options = { ...times, random: this.#random, leased: true, expects, missing };
    for (const transfer of planTransfers(this.#swarm, options)) this.#order(transfer);
    this.#queue.after(PLAN_MS, () => this.#plan());
  }

  /** The giver hears of its takers after the way to it, and sends what is new and what they lack of it. */
  #tell(lease: Lease): void {
    const giver = lease.giver === SERVER ? undefined : this.#byRow.get(lease.giver);
    if (!giver && lease.giver !== SERVER) return;
    const apply = () => {
      if (giver?.gone) return;
      const pushes = giver ? giver.pushes : this.#serverPushes;
      const before = pushes[lease.substream]!;
      pushes[lease.substream] = new Set(lease.takers);
      for (const row of lease.takers) if (!before.has(row)) this.#catchUp(giver, row, lease.substream);
    };
    if (giver) this.#queue.after(this.#options.oneWayMs, apply);
    else apply();
  }

  #catchUp(giver: LivePeer | undefined, row: number, substream: number): void {
    const taker = this.#byRow.get(row);
    if (!taker) return;
    // Who is not trusted yet sends no more than it must, until others confirm it.
    const chunks = !giver || giver.standing === 'trusted' ? 2 * SUBSTREAMS : SUBSTREAMS;
    const from = Math.max(taker.next, this.#born - chunks);
    for (let chunk = from; chunk < this.#born; chunk++) {
      if (chunk % SUBSTREAMS !== substream || taker.has(chunk) || taker.expects(chunk)) continue;
      if (!giver || giver.has(chunk)) this.#push(giver, row, chunk);
    }
  }

  #push(giver: LivePeer | undefined, row: number, chunk: number): void {
    const taker = this.#byRow.get(row);
    if (!taker || taker.gone || taker.has(chunk)) return;
    this.#send(giver, taker, chunk);
  }

  #order(transfer: Transfer): void {
    const giver = transfer.giver === SERVER ? undefined : this.#byRow.get(transfer.giver);
    const taker = this.#byRow.get(transfer.taker);
    if (!taker) return;
    if (giver) this.#repairs++;
    else this.#rescues++;
    this.#queue.after(giver ? this.#options.oneWayMs : 0, () => {
      if (giver?.gone || taker.gone) return;
      if (!taker.has(transfer.chunk)) this.#send(giver, taker, transfer.chunk, transfer);
    });
  }

  #send(giver: LivePeer | undefined, taker: LivePeer, chunk: number, transfer?: Transfer): void {
    const done = () => this.#arrive(giver, taker, chunk, transfer);
    const flow = this.#network.send(giver?.member ?? 0, taker.member, this.#chunkBytes, done);
    taker.expect(chunk, flow, giver);
  }

  /** The taker has the bytes: it checks the hash, plays and passes on what is right, and tells the coordinator. */
  #arrive(giver: LivePeer | undefined, taker: LivePeer, chunk: number, transfer?: Transfer): void {
    if (taker.gone) return;
    this.#received++;
    const isBad = giver?.poisons === true;
    if (isBad) giver.badChunks.add(chunk);
    const isNew = !isBad && !taker.has(chunk);
    if (isNew) {
      const others = taker.keep(chunk);
      this.#queue.after(this.#options.oneWayMs, () => {
        for (const flow of others) this.#network.cancel(flow);
      });
      this.#noteArrival(this.#queue.nowMs - this.#bornAtMs(chunk));
      for (const row of taker.pushes[chunk % SUBSTREAMS]!) this.#push(taker, row, chunk);
    }
    const complains = isBad || (giver !== undefined && taker.lies);
    const waitMs = complains ? 0 : RECEIPTS_MS - (this.#queue.nowMs % RECEIPTS_MS);
    this.#queue.after(this.#options.oneWayMs + waitMs, () => {
      if (!taker.gone) this.#receipt(giver, taker, { chunk, isBad, complains, transfer });
    });
  }

  #receipt(giver: LivePeer | undefined, taker: LivePeer, receipt: Receipt): void {
    const { chunk, isBad, complains, transfer } = receipt;
    if (transfer) this.#swarm.finish(transfer, !isBad, this.#queue.nowMs);
    if (isBad) this.#missing.push({ taker: taker.row, chunk });
    else {
      this.#swarm.hold(taker.row, chunk);
      this.#watch.came(taker.row, chunk, this.#queue.nowMs);
    }
    if (!giver || giver.gone) return;
    if (!complains) this.#judge.confirmed(giver.row, taker.row);
    else if (this.#judge.complained(giver.row, taker.row)) this.#trees.separate(giver.row, taker.row);
    this.#limitLeases(giver);
  }

  #noteArrival(delayMs: number): void {
    const bucket = Math.min(1000, Math.ceil(delayMs / 10));
    this.#arrivals[bucket] = (this.#arrivals[bucket] ?? 0) + 1;
  }

  #play(peer: LivePeer, chunk: number): void {
    this.#queue.after(this.#bornAtMs(chunk) + PLAY_DELAY_MS - this.#queue.nowMs, () => {
      if (peer.gone) return;
      const counts = this.#queue.nowMs >= peer.joinedMs + GRACE_MS;
      if (peer.has(chunk)) this.#played++;
      else if (counts) {
        this.#stalls++;
        peer.stalls++;
      }
      peer.next = chunk + 1;
      peer.forget(chunk - WINDOW);
      this.#play(peer, chunk + 1);
    });
  }

  #result(): LiveResult {
    const { durationMs, peers, streamBitsPerSecond } = this.#options;
    const sent = this.#network.sentBytes[0]!;
    const streamBytes = (this.#listenedMs / 1000) * (streamBitsPerSecond / 8);
    const poisoners = this.#listeners.filter(({ poisons }) => poisons);
    const isOut = ({ id }: LivePeer) => this.#judge.ledger.standing(id) === 'convicted';
    return {
      peers,
      listeners: this.#listeners.length,
      chunksPlayed: this.#played,
      stalls: this.#stalls,
      stalledListeners: this.#listeners.filter(({ stalls }) => stalls > 0).length,
      arrivalP50S: this.#arrival(0.5),
      arrivalP99S: this.#arrival(0.99),
      playDelayS: PLAY_DELAY_MS / 1000,
      serverStreams: (sent * 8) / TCP_SHARE / (durationMs / 1000) / streamBitsPerSecond,
      offload: 1 - sent / streamBytes,
      bound: 1 - 1 / peers,
      rescues: this.#rescues,
      repairs: this.#repairs,
      receivedPerPlayed: this.#received / Math.max(1, this.#played),
      badChunks: Math.max(0, ...poisoners.map(({ badChunks }) => badChunks.size)),
      poisoners: poisoners.length,
      poisonersOut: poisoners.filter(isOut).length,
      honestOut: this.#listeners.filter((peer) => !peer.poisons && isOut(peer)).length,
      liarsFound: this.#listeners.filter(({ id }) => this.#judge.ledger.isLiar(id)).length,
    };
  }

  #arrival(share: number): number {
    const all = this.#arrivals.reduce((sum, count) => sum + (count ?? 0), 0);
    let seen = 0;
    for (const [bucket, count] of this.#arrivals.entries()) {
      seen += count ?? 0;
      if (seen >= all * share) return bucket / 100;
    }
    return 0;
  }
}

interface Receipt {
  readonly chunk: number;
  readonly isBad: boolean;
  readonly complains: boolean;
  readonly transfer: Transfer | undefined;
}
