import { fileBoundSeconds } from '../schedule/bound.ts';
import { planTransfers } from '../schedule/plan.ts';
import { seededRandom } from '../schedule/seeded-random.ts';
import { SERVER, Swarm } from '../schedule/swarm.ts';
import type { Transfer } from '../schedule/transfer-lists.ts';
import { Judge } from '../trust/judge.ts';
import { EventQueue } from './event-queue.ts';
import { type LineRates, Network, TCP_SHARE } from './network.ts';
import { Player } from './player.ts';

/** A peer of a simulated distribution. */
export interface FilePeer extends LineRates {
  readonly firewalled?: boolean;
  /** Times at which it is killed and comes back, in ms, in turns; it keeps what it has. */
  readonly switchesAtMs?: readonly number[];
  /** Sends wrong bytes from its so-manieth chunk on. */
  readonly poisonsFrom?: number;
  /** Says of this share of the good chunks that they are wrong. */
  readonly complains?: number;
  readonly prefix?: number;
  /** Takes the file in its order, and plays it. */
  readonly inOrder?: boolean;
}

/** A file and who wants it. Rates are those of the wire, as in the lab. */
export interface FileOptions {
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  readonly serverUpBitsPerSecond: number;
  readonly peers: readonly FilePeer[];
  readonly oneWayMs: number;
  readonly seed: number;
  /** Each peer leaves when it has the file. */
  readonly leaves?: boolean;
  /** Who takes the file in order plays it at this share of the fair rate, from 2 s after its first chunk on; default 0.8. */
  readonly playsAtShare?: number;
  /** Uplinks as the conductor knows them, over what they are; 1 when left out. */
  readonly believes?: number;
  /** What requests and receipts wait on uplinks that are full, in ms; none when left out. */
  readonly controlMs?: number;
  /** As `SwarmOptions` have it. */
  readonly orderAheadMs?: number;
  readonly serverCopies?: number;
}

/** What came of it. Efficiency is the bound over the last completion. */
export interface FileResult {
  readonly peers: number;
  readonly complete: number;
  readonly boundS: number;
  /** The bound when each uplink counts only while its peer was there. */
  readonly boundPresentS: number;
  readonly firstS: number;
  readonly medianS: number;
  readonly lastS: number;
  readonly efficiency: number;
  readonly efficiencyPresent: number;
  /** On the wire. */
  readonly serverCopies: number;
  readonly transfers: number;
  /** Playback's waits of all who play, how many of them waited, and when the last of them had its first chunk. */
  readonly waits: number;
  readonly waitedS: number;
  readonly waiting: number;
  readonly longestWaitS: number;
  readonly playersFirstS: number;
  /** Wrong chunks of the worst poisoner until it was excluded, poisoners excluded, honest peers excluded, liars found. */
  readonly badChunks: number;
  readonly poisonersOut: number;
  readonly honestOut: number;
  readonly liarsFound: number;
}

const PLAN_MS = 20;
const PLAYS_AT_SHARE = 0.8;
const LIMIT_MS = 3_600_000;
/** Part of the file by which a peer that left before is to be ahead of the others. */
const HEAD_START = 0.4;
/** Round trips of a new connection: TCP, then TLS. */
const CONNECT_ROUND_TRIPS = 2;

/** Distributes the file among the peers over the network model, with the scheduler of the server. */
export function simulateFile(options: FileOptions): FileResult {
  return new FileRun(options).run();
}

interface Peer {
  readonly index: number;
  readonly setup: FilePeer;
  readonly member: number;
  readonly id: string;
  readonly chunks: Uint8Array;
  readonly links: Set<number>;
  count: number;
  /** Its number in the swarm while it is there. */
  row: number;
  /** Counts its runs: what was ordered in an earlier one is lost. */
  run: number;
  doneMs: number;
  presentMs: number;
  sinceMs: number;
  sent: number;
  bad: number;
  readonly player: Player | undefined;
}

class FileRun {
  readonly #options: FileOptions;
  readonly #queue = new EventQueue();
  readonly #network: Network;
  readonly #swarm: Swarm;
  readonly #judge: Judge;
  readonly #random: () => number;
  readonly #chance: () => number;
  readonly #peers: Peer[] = [];
  readonly #byRow = new Map<number, Peer>();
  readonly #serverLinks = new Set<number>();
  readonly #chunks: number;
  readonly #boundS: number;
  readonly #chunkDurationMs: number;
  #complete = 0;
  #transfers = 0;

  constructor(options: FileOptions) {
    this.#options = options;
    const { sizeBytes, chunkBytes, serverUpBitsPerSecond, oneWayMs, seed, peers } = options;
    this.#random = seededRandom(seed);
    this.#chance = seededRandom(seed + 1);
    this.#chunks = Math.ceil(sizeBytes / chunkBytes);
    this.#boundS = this.#bound(peers.map(({ upBitsPerSecond }) => upBitsPerSecond));
    const fairBytesPerMs = sizeBytes / this.#boundS / 1000;
    this.#chunkDurationMs = chunkBytes / (fairBytesPerMs * (options.playsAtShare ?? PLAYS_AT_SHARE));
    this.#network = new Network(this.#queue, oneWayMs);
    this.#network.add({ upBitsPerSecond: serverUpBitsPerSecond, downBitsPerSecond: serverUpBitsPerSecond });
    this.#swarm = new Swarm(
      {
        chunkBytes,
        windowChunks: this.#chunks,
        live: false,
        serverUpBytesPerSecond: (serverUpBitsPerSecond * TCP_SHARE) / 8,
        orderAheadMs: options.orderAheadMs ?? PLAN_MS + 4 * oneWayMs + 15,
        ...(options.serverCopies === undefined ? {} : { serverCopies: options.serverCopies }),
      },
      peers.length,
    );
    this.#judge = new Judge(this.#swarm);
    for (const [index, setup] of peers.entries()) this.#add(setup, index);
  }

  run(): FileResult {
    for (const peer of this.#peers) {
      this.#join(peer);
      for (const atMs of peer.setup.switchesAtMs ?? []) this.#queue.after(atMs, () => this.#switch(peer));
    }
    this.#plan();
    while (this.#complete < this.#peers.length && this.#queue.step(LIMIT_MS));
    return this.#result();
  }

  #add(setup: FilePeer, index: number): void {
    const chunks = new Uint8Array(this.#chunks);
    this.#peers.push({
      index,
      setup,
      member: this.#network.add(setup),
      id: `peer ${index}`,
      chunks,
      links: new Set(),
      count: 0,
      row: -1,
      run: 0,
      doneMs: Number.POSITIVE_INFINITY,
      presentMs: 0,
      sinceMs: 0,
      sent: 0,
      bad: 0,
      player: setup.inOrder ? this.#player((chunk) => chunks[chunk] === 1) : undefined,
    });
  }

  #player(has: (chunk: number) => boolean): Player {
    return new Player({ queue: this.#queue, chunkDurationMs: this.#chunkDurationMs, chunks: this.#chunks, has });
  }

  #join(peer: Peer): void {
    const { setup } = peer;
    peer.row = this.#swarm.join({
      upBytesPerSecond: (setup.upBitsPerSecond * TCP_SHARE * (this.#options.believes ?? 1)) / 8,
      downBytesPerSecond: (setup.downBitsPerSecond * TCP_SHARE) / 8,
      reachable: !setup.firewalled,
      wants: true,
      prefix: setup.prefix ?? 0,
      widePrefix: 0,
      headStart: peer.run > 0 ? this.#chunks * HEAD_START : 0,
      ...(setup.inOrder ? { inOrder: true } : {}),
    });
    peer.sinceMs = this.#queue.nowMs;
    this.#byRow.set(peer.row, peer);
    this.#judge.join(peer.row, peer.id, setup.prefix ?? 0);
    for (const [chunk, has] of peer.chunks.entries()) if (has) this.#swarm.hold(peer.row, chunk);
  }

  #leave(peer: Peer): void {
    this.#network.cut(peer.member);
    this.#swarm.leave(peer.row, this.#queue.nowMs);
    this.#judge.leave(peer.row);
    this.#byRow.delete(peer.row);
    peer.presentMs += this.#queue.nowMs - peer.sinceMs;
    peer.row = -1;
    peer.run++;
    peer.links.clear();
    for (const other of this.#peers) other.links.delete(peer.member);
    this.#serverLinks.delete(peer.member);
  }

  #switch(peer: Peer): void {
    if (peer.row >= 0) this.#leave(peer);
    else this.#join(peer);
  }

  #plan(): void {
    const plan = planTransfers(this.#swarm, { nowMs: this.#queue.nowMs, random: this.#random });
    this.#transfers += plan.length;
    for (const transfer of plan) this.#order(transfer);
    this.#queue.after(PLAN_MS, () => this.#plan());
  }

  #order(transfer: Transfer): void {
    const { oneWayMs } = this.#options;
    const giver = transfer.giver === SERVER ? undefined : this.#byRow.get(transfer.giver)!;
    const taker = this.#byRow.get(transfer.taker)!;
    const links = giver ? giver.links : this.#serverLinks;
    const connectMs = links.has(taker.member) ? 0 : CONNECT_ROUND_TRIPS * 2 * oneWayMs;
    links.add(taker.member);
    taker.links.add(giver?.member ?? 0);
    const runs = [giver?.run, taker.run];
    const askMs = oneWayMs + (this.#options.controlMs ?? 0);
    this.#queue.after((giver ? askMs : 0) + connectMs, () => {
      if (giver?.run !== runs[0] || taker.run !== runs[1]) return;
      this.#network.send(giver?.member ?? 0, taker.member, this.#bytesOf(transfer.chunk), () => {
        if (taker.run === runs[1]) this.#arrive(transfer, giver, taker);
      });
    });
  }

  #bytesOf(chunk: number): number {
    const { sizeBytes, chunkBytes } = this.#options;
    return Math.min(chunkBytes, sizeBytes - chunk * chunkBytes);
  }

  /** The taker has the bytes: it checks the hash and tells the coordinator. */
  #arrive(transfer: Transfer, giver: Peer | undefined, taker: Peer): void {
    const isBad = giver !== undefined && giver.sent++ >= (giver.setup.poisonsFrom ?? Number.POSITIVE_INFINITY);
    if (isBad && giver) giver.bad++;
    const isGood = !isBad && !taker.chunks[transfer.chunk];
    if (isGood) {
      taker.chunks[transfer.chunk] = 1;
      taker.count++;
      taker.player?.came();
    }
    const says = isBad ? false : this.#chance() >= (taker.setup.complains ?? 0);
    const { run } = taker;
    this.#queue.after(this.#options.oneWayMs + (this.#options.controlMs ?? 0), () => {
      if (taker.run === run) this.#receipt(transfer, taker, isBad, says);
    });
  }

  #receipt(transfer: Transfer, taker: Peer, isBad: boolean, says: boolean): void {
    const ended = this.#swarm.finish(transfer, !isBad, this.#queue.nowMs);
    if (!ended && !isBad) this.#swarm.hold(taker.row, transfer.chunk);
    if (ended && transfer.giver !== SERVER) {
      if (says) this.#judge.confirmed(transfer.giver, transfer.taker);
      else this.#judge.complained(transfer.giver, transfer.taker);
    }
    if (taker.count < this.#chunks || taker.doneMs < Number.POSITIVE_INFINITY) return;
    taker.doneMs = this.#queue.nowMs - this.#options.oneWayMs;
    this.#complete++;
    if (this.#options.leaves) this.#leave(taker);
  }

  #bound(ups: readonly number[]): number {
    const { sizeBytes, serverUpBitsPerSecond, peers } = this.#options;
    return fileBoundSeconds({
      size: sizeBytes * 8,
      serverUp: serverUpBitsPerSecond,
      peerUps: ups,
      slowestDown: Math.min(...peers.map(({ downBitsPerSecond }) => downBitsPerSecond)),
    });
  }

  #result(): FileResult {
    const done = this.#peers.map(({ doneMs }) => doneMs / 1000).sort((one, other) => one - other);
    const lastS = done[done.length - 1] ?? 0;
    const { nowMs } = this.#queue;
    const present = this.#peers.map((peer) => (peer.presentMs + (peer.row >= 0 ? nowMs - peer.sinceMs : 0)) / nowMs);
    const ups = this.#peers.map(({ setup }, index) => setup.upBitsPerSecond * present[index]!);
    const boundPresentS = this.#options.leaves ? this.#boundS : this.#bound(ups);
    const poisoners = this.#peers.filter(({ setup }) => setup.poisonsFrom !== undefined);
    const honest = this.#peers.filter(({ setup }) => setup.poisonsFrom === undefined);
    const isOut = ({ id }: Peer) => this.#judge.ledger.standing(id) === 'convicted';
    return {
      peers: this.#peers.length,
      complete: this.#complete,
      boundS: this.#boundS,
      boundPresentS,
      firstS: done[0] ?? 0,
      medianS: done[done.length >> 1] ?? 0,
      lastS,
      efficiency: this.#boundS / lastS,
      efficiencyPresent: boundPresentS / lastS,
      serverCopies: this.#network.sentBytes[0]! / TCP_SHARE / this.#options.sizeBytes,
      transfers: this.#transfers,
      ...playing(this.#peers.flatMap(({ player }) => player ?? [])),
      badChunks: Math.max(0, ...poisoners.map(({ bad }) => bad)),
      poisonersOut: poisoners.filter(isOut).length,
      honestOut: honest.filter(isOut).length,
      liarsFound: this.#peers.filter(({ id }) => this.#judge.ledger.isLiar(id)).length,
    };
  }
}

/** What those who play had to wait. */
function playing(
  players: readonly Player[],
): Pick<FileResult, 'waits' | 'waitedS' | 'waiting' | 'longestWaitS' | 'playersFirstS'> {
  const waited = players.map(({ waitedMs }) => waitedMs / 1000);
  return {
    waits: players.reduce((sum, { waits }) => sum + waits, 0),
    waitedS: waited.reduce((sum, one) => sum + one, 0),
    waiting: waited.filter((one) => one > 0).length,
    longestWaitS: Math.max(0, ...waited),
    playersFirstS: Math.max(0, ...players.map(({ firstMs }) => firstMs / 1000)),
  };
}
