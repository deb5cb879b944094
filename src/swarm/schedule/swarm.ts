import { type PeerSetup, PeerTable } from './peer-table.ts';
import { Players } from './players.ts';
import { RarityClasses } from './rarity.ts';
import { RowList } from './row-list.ts';
import { type Transfer, TransferLists } from './transfer-lists.ts';

/** The server's number in every swarm. It holds every chunk of the window. */
export const SERVER = 0;

/** What is distributed, and how far ahead the scheduler plans. */
export interface SwarmOptions {
  readonly chunkBytes: number;
  /** Chunks of the file, or of the moving window of a live stream. */
  readonly windowChunks: number;
  /** True when the window moves with `advance`; false for a file, whose chunks are all there. */
  readonly live: boolean;
  /** Playing time of a chunk, for deadlines; leave it out when nobody plays. */
  readonly chunkDurationMs?: number;
  readonly serverUpBytesPerSecond: number;
  /** A giver gets its next order so long before it has sent all: what orders and receipts take, and the plan's period. */
  readonly orderAheadMs: number;
  /** How much of the file the server sends before it waits for peers, in copies. Default 1.42; more where peers are short. */
  readonly serverCopies?: number;
}

/** Shortest time for which takers are given work, in ms. */
const MIN_TAKE_AHEAD_MS = 300;

/**
 * What the coordinator knows of one file or live stream: who is there, who holds what, what is on its way. It is kept
 * up to date by the methods (the server calls them on messages, the simulator on events) and read by `planTransfers`.
 * Chunks are numbered from 0 and go on counting when the window of a live stream moves.
 */
export class Swarm {
  readonly options: SwarmOptions;
  readonly peers: PeerTable;
  readonly rarity: RarityClasses;
  /** Slots of the window, a multiple of 32. */
  readonly slots: number;
  /** Words of a peer's bitset. */
  readonly words: number;
  /** Chunks of the window: from `first`, up to but without `end`. */
  first = 0;
  end = 0;
  /** Present peers that want chunks, and those that can give. */
  readonly takers = new RowList();
  readonly givers = new RowList();
  /** Of the takers of a file those that take it in its order. */
  readonly players = new Players();
  /** Takers of a slot's chunk that neither have it nor get it now. */
  readonly needed: Int32Array;
  /** Copies of a slot's chunk that the server has sent or sends. */
  readonly serverCopies: Int32Array;
  /** Chunks that the server has sent or sends. */
  serverSent = 0;
  /** Chunks that takers still need, in all. */
  totalNeeded = 0;
  /** Sum of what present peers can send, bytes a second. */
  upSum = 0;
  #have: Uint32Array;
  #coming: Uint32Array;
  readonly #limits = new Map<number, number>();
  readonly #avoided = new Map<number, Set<number>>();
  readonly #underWay = new TransferLists();

  /** @param expectedPeers saves growing; any number may join */
  constructor(options: SwarmOptions, expectedPeers = 64) {
    this.options = options;
    this.slots = (options.windowChunks + 31) & ~31;
    this.words = this.slots >>> 5;
    this.rarity = new RarityClasses(this.slots);
    this.serverCopies = new Int32Array(this.slots);
    this.needed = new Int32Array(this.slots);
    this.peers = new PeerTable(expectedPeers + 1);
    this.#have = new Uint32Array(this.peers.capacity * this.words);
    this.#coming = new Uint32Array(this.peers.capacity * this.words);
    const up = options.serverUpBytesPerSecond;
    const server = this.peers.add({ upBytesPerSecond: up, downBytesPerSecond: 0, reachable: true, wants: false });
    this.setRates(server, up, 0);
    if (!options.live) this.advance(0, options.windowChunks);
  }

  /** A peer joins without chunks. Answers its number, which is valid until it leaves. */
  join(setup: PeerSetup): number {
    const peer = this.peers.add(setup);
    this.#room();
    this.peers.wantsFrom[peer] = Math.max(this.first, setup.wantsFrom ?? 0);
    this.peers.firstMissing[peer] = this.peers.wantsFrom[peer]!;
    this.setRates(peer, setup.upBytesPerSecond, setup.downBytesPerSecond);
    if (setup.wants) {
      this.takers.add(peer);
      if (setup.inOrder) this.players.rows.add(peer);
      for (let chunk = this.peers.wantsFrom[peer]!; chunk < this.end; chunk++) this.#need(chunk % this.slots, 1);
    }
    return peer;
  }

  /** Answers the transfers that ended with it; they count as failed. Its number is free for another. */
  leave(peer: number, nowMs: number): Transfer[] {
    const ended = [...this.givenBy(peer), ...this.takenBy(peer)];
    for (const transfer of ended) this.#close(transfer, false, nowMs);
    for (let chunk = this.first; chunk < this.end; chunk++) {
      if (this.has(peer, chunk)) this.rarity.add(chunk % this.slots, -1);
      else if (this.wanted(peer, chunk)) this.#need(chunk % this.slots, -1);
    }
    this.takers.delete(peer);
    this.players.rows.delete(peer);
    if (this.givers.has(peer)) this.upSum -= this.peers.up[peer]!;
    this.givers.delete(peer);
    this.#have.fill(0, peer * this.words, (peer + 1) * this.words);
    this.#avoided.delete(peer);
    this.#limits.delete(peer);
    this.peers.remove(peer);
    return ended;
  }

  /** Corrects what a peer is relied on to send and receive, bytes a second. With 0 it gives nothing more. */
  setRates(peer: number, upBytesPerSecond: number, downBytesPerSecond: number): void {
    const { peers } = this;
    if (peer !== SERVER && this.givers.has(peer)) this.upSum -= peers.up[peer]!;
    peers.up[peer] = upBytesPerSecond;
    peers.down[peer] = downBytesPerSecond;
    const { chunkBytes, orderAheadMs } = this.options;
    const chunkMs = (chunkBytes / upBytesPerSecond) * 1000;
    const limit = upBytesPerSecond > 0 ? 2 + Math.ceil((1.5 * orderAheadMs) / chunkMs) : 0;
    peers.outLimit[peer] = Math.min(limit, this.#limits.get(peer) ?? limit);
    const takeMs = Math.max(MIN_TAKE_AHEAD_MS, 3 * orderAheadMs);
    peers.inLimit[peer] = Math.max(2, Math.ceil((downBytesPerSecond * takeMs) / 1000 / chunkBytes));
    if (peer === SERVER) return;
    if (peers.outLimit[peer]! > 0) {
      this.givers.add(peer);
      this.upSum += upBytesPerSecond;
    } else this.givers.delete(peer);
  }

  /** Most transfers that the peer gives at a time, when it is to be fewer than its rate allows (0 excludes it). */
  limitGiving(peer: number, transfers: number): void {
    this.#limits.set(peer, transfers);
    this.setRates(peer, this.peers.up[peer]!, this.peers.down[peer]!);
  }

  /** `giver` shall not send to `taker` again: the one complained, or they cannot connect. */
  avoid(giver: number, taker: number): void {
    const set = this.#avoided.get(giver) ?? new Set();
    this.#avoided.set(giver, set.add(taker));
  }

  /** True when the two may meet: one of them can be reached and they are not kept apart. */
  mayMeet(giver: number, taker: number): boolean {
    if (!this.peers.reachable[giver] && !this.peers.reachable[taker]) return false;
    return this.#avoided.size === 0 || !this.#avoided.get(giver)?.has(taker);
  }

  /** Moves the window of a live stream: chunks before `first` are forgotten, chunks before `end` exist. */
  advance(first: number, end: number): void {
    for (; this.first < first; this.first++) {
      if (this.first < this.end) this.#forget(this.first);
    }
    this.end = Math.max(this.end, this.first);
    for (; this.end < end; this.end++) {
      this.rarity.open(this.end % this.slots);
      for (let at = 0; at < this.takers.size; at++) {
        if (this.end >= this.peers.wantsFrom[this.takers.at(at)]!) this.#need(this.end % this.slots, 1);
      }
    }
  }

  /** True when the peer said that it holds the chunk, or confirmed to have got it. */
  has(peer: number, chunk: number): boolean {
    if (peer === SERVER) return true;
    const slot = chunk % this.slots;
    return (this.#have[peer * this.words + (slot >>> 5)]! & (1 << (slot & 31))) !== 0;
  }

  /** True when the peer wants the chunk, does not have it and does not get it now. */
  lacks(peer: number, chunk: number): boolean {
    const slot = chunk % this.slots;
    const word = peer * this.words + (slot >>> 5);
    return ((this.#have[word]! | this.#coming[word]!) & (1 << (slot & 31))) === 0 && this.wanted(peer, chunk);
  }

  /** One word of what the peer holds: slots 32 x `word` on. */
  heldWord(peer: number, word: number): number {
    return peer === SERVER ? -1 : this.#have[peer * this.words + word]!;
  }

  /** One word of what the peer holds or gets. */
  takenWord(peer: number, word: number): number {
    return this.#have[peer * this.words + word]! | this.#coming[peer * this.words + word]!;
  }

  /** The chunk of the window that is kept in a slot. */
  chunkIn(slot: number): number {
    const offset = (slot - (this.first % this.slots) + this.slots) % this.slots;
    return this.first + offset;
  }

  wanted(peer: number, chunk: number): boolean {
    return this.peers.wants[peer] === 1 && chunk >= this.peers.wantsFrom[peer]!;
  }

  /** The peer has a whole chunk that no transfer brought: a file that it resumes, a lease, a seeder's file. */
  hold(peer: number, chunk: number): void {
    if (chunk < this.first || chunk >= this.end || this.has(peer, chunk)) return;
    const slot = chunk % this.slots;
    const word = peer * this.words + (slot >>> 5);
    if (!(this.#coming[word]! & (1 << (slot & 31)))) {
      if (this.wanted(peer, chunk)) this.#need(slot, -1);
      this.rarity.add(slot, 1);
      this.peers.held[peer]!++;
    }
    this.#have[word] = this.#have[word]! | (1 << (slot & 31));
    this.#coming[word] = this.#coming[word]! & ~(1 << (slot & 31));
    this.#moveFirstMissing(peer);
  }

  /** Notes that a transfer was ordered. */
  begin(transfer: Transfer, nowMs: number): void {
    const { giver, taker, chunk } = transfer;
    const { peers } = this;
    const slot = chunk % this.slots;
    const word = taker * this.words + (slot >>> 5);
    this.#coming[word] = this.#coming[word]! | (1 << (slot & 31));
    this.#need(slot, -1);
    this.rarity.add(slot, 1);
    peers.held[taker]!++;
    peers.outCount[giver]!++;
    peers.inCount[taker]!++;
    const sendMs = (this.options.chunkBytes / peers.up[giver]!) * 1000;
    peers.upFreeAtMs[giver] = Math.max(peers.upFreeAtMs[giver]!, nowMs) + sendMs;
    if (giver === SERVER) {
      this.serverSent++;
      this.serverCopies[slot]!++;
    }
    peers.meet(giver, taker);
    this.#underWay.add(transfer);
  }

  /**
   * Notes that a transfer ended: `ok` when the taker confirmed the chunk by its hash.
   * Answers false when it is not on its way (any more), for example because a side left.
   */
  finish(transfer: Transfer, ok: boolean, nowMs: number): boolean {
    const noted = this.#underWay.find(transfer);
    if (noted) this.#close(noted, ok, nowMs);
    return noted !== undefined;
  }

  /** Moves on the players of a file: where they are now, and what they are brought. */
  followPlayers(nowMs: number): void {
    const { peers, takers, upSum, end } = this;
    const { chunkBytes } = this.options;
    this.players.follow({ peers, takers, serverUp: peers.up[SERVER]!, upSum, chunkBytes, end }, nowMs);
  }

  /** Transfers that the peer gives now. */
  givenBy(peer: number): readonly Transfer[] {
    return this.#underWay.givenBy(peer);
  }

  /** Transfers that the peer takes now. */
  takenBy(peer: number): readonly Transfer[] {
    return this.#underWay.takenBy(peer);
  }

  #close(transfer: Transfer, ok: boolean, nowMs: number): void {
    const { giver, taker, chunk } = transfer;
    const { peers } = this;
    this.#underWay.delete(transfer);
    peers.outCount[giver]!--;
    if (--peers.inCount[taker]! === 0) peers.idleSinceMs[taker] = nowMs;
    this.#correctBacklog(giver, nowMs);
    if (chunk < this.first) return;
    const slot = chunk % this.slots;
    const word = taker * this.words + (slot >>> 5);
    const bit = 1 << (slot & 31);
    if (!(this.#coming[word]! & bit)) return;
    this.#coming[word] = this.#coming[word]! & ~bit;
    if (ok) {
      this.#have[word] = this.#have[word]! | bit;
      this.#moveFirstMissing(taker);
    } else {
      this.#need(slot, 1);
      this.rarity.add(slot, -1);
      peers.held[taker]!--;
    }
  }

  /** What the giver still sends lies between all of its other transfers and all but the one that runs. */
  #correctBacklog(giver: number, nowMs: number): void {
    const { peers } = this;
    const count = peers.outCount[giver]!;
    const chunkMs = (this.options.chunkBytes / peers.up[giver]!) * 1000;
    const least = nowMs + Math.max(0, count - 1) * chunkMs;
    peers.upFreeAtMs[giver] = Math.min(Math.max(peers.upFreeAtMs[giver]!, least), nowMs + count * chunkMs);
  }

  #moveFirstMissing(peer: number): void {
    let chunk = Math.max(this.peers.firstMissing[peer]!, this.first);
    while (chunk < this.end && this.has(peer, chunk)) chunk++;
    this.peers.firstMissing[peer] = chunk;
  }

  #need(slot: number, change: 1 | -1): void {
    this.needed[slot] = this.needed[slot]! + change;
    this.totalNeeded += change;
  }

  #forget(chunk: number): void {
    const slot = chunk % this.slots;
    const { peers } = this;
    const keep = ~(1 << (slot & 31));
    for (let peer = 1; peer < peers.size; peer++) {
      const word = peer * this.words + (slot >>> 5);
      if (((this.#have[word]! | this.#coming[word]!) & ~keep) === 0) continue;
      peers.held[peer]!--;
      this.#have[word] = this.#have[word]! & keep;
      this.#coming[word] = this.#coming[word]! & keep;
    }
    this.totalNeeded -= this.needed[slot]!;
    this.needed[slot] = 0;
    this.serverCopies[slot] = 0;
    this.rarity.close(slot);
  }

  #room(): void {
    const words = this.peers.capacity * this.words;
    if (this.#have.length >= words) return;
    this.#have = larger(this.#have, words);
    this.#coming = larger(this.#coming, words);
  }
}

function larger(values: Uint32Array, length: number): Uint32Array {
  const copy = new Uint32Array(length);
  copy.set(values);
  return copy;
}
