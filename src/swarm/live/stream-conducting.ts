import type { Clock, Timer } from '../../core/clock.ts';
import type { ConductorMessage } from '../../protocols/swarm/conductor-messages.ts';
import type { Receipt, Run } from '../../protocols/swarm/peer-messages.ts';
import type { PlannedTransfer } from '../native/conducted-file.ts';
import type { NativeMember } from '../native/native-member.ts';
import { LEASE_MS } from '../schedule/leases.ts';
import { SERVER } from '../schedule/swarm.ts';
import { ConductedStream, type PlannedLease } from './conducted-stream.ts';
import type { AudioPart, LiveStream } from './live-stream.ts';

const PLAN_MS = 100;
const WATCH_MS = 1000;
/** Leases are told again before they end. */
const RENEW_MS = LEASE_MS * 0.7;
/** A lease outlives a conductor that is busy for a moment. */
const LEASE_SECONDS = Math.ceil((LEASE_MS * 1.5) / 1000);

/** A lease as the giver hears of it. */
export type LeaseMessage = ConductorMessage & { readonly type: 'lease' };

/** What conducting streams needs of the conductor. */
export interface StreamHost {
  readonly clock: Clock;
  readonly random: () => number;
  readonly nowSeconds: () => number;
  readonly serverUpBytesPerSecond: () => number;
  /** A number that no other file or stream has. */
  readonly nextId: () => number;
  /** Sees to it that the two can meet; an undefined giver is the server. Answers false when they may not. */
  readonly introduce: (giver: NativeMember | undefined, taker: NativeMember) => boolean;
  /** Orders transfers. Answers those that cannot be. */
  readonly order: (file: number, transfers: readonly PlannedTransfer[]) => PlannedTransfer[];
  readonly cancel: (file: number, transfers: readonly PlannedTransfer[]) => void;
  /** The server itself pushes. */
  readonly push: (lease: LeaseMessage) => void;
}

/** The live streams of a conductor: who listens to what, and the leases and orders that follow. */
export class StreamConducting {
  readonly #host: StreamHost;
  readonly #byPath = new Map<string, ConductedStream>();
  readonly #streams = new Map<number, ConductedStream>();
  /** By path of a stream that has no audio yet: who wants to listen. */
  readonly #waiting = new Map<string, Map<NativeMember, number>>();
  readonly #tickers: readonly Timer[];

  constructor(host: StreamHost) {
    this.#host = host;
    this.#tickers = [
      host.clock.every(PLAN_MS, () => this.#plan()),
      host.clock.every(WATCH_MS, () => this.#watch()),
      host.clock.every(RENEW_MS, () => this.#renew()),
    ];
  }

  get streams(): Iterable<ConductedStream> {
    return this.#streams.values();
  }

  /** The stream of a number. */
  get(id: number): ConductedStream | undefined {
    return this.#streams.get(id);
  }

  /** A stream will be published under the path: who asks for it before waits for its first audio. */
  expect(path: string): void {
    this.#waiting.set(path, new Map());
  }

  /** No stream comes under the path any more. */
  forget(path: string): void {
    const none = { type: 'file', status: 'unknown', file: 0, manifest: Buffer.alloc(0) } as const;
    for (const [member, ref] of this.#waiting.get(path) ?? []) member.voice.tell({ ...none, ref });
    this.#waiting.delete(path);
  }

  /** Publishes a stream that has its first chunk, under a path that is expected. */
  publish(stream: LiveStream): ConductedStream {
    const { path } = stream.head;
    const { nextId, serverUpBytesPerSecond, random, clock } = this.#host;
    const conducted = new ConductedStream(nextId(), stream, serverUpBytesPerSecond(), random);
    conducted.born(stream.end, clock.nowMs());
    this.#byPath.set(path, conducted);
    this.#streams.set(conducted.id, conducted);
    const waiting = [...(this.#waiting.get(path) ?? [])];
    this.#waiting.get(path)?.clear();
    for (const [member, ref] of waiting) this.#begin(member, ref, conducted);
    return conducted;
  }

  /** Takes the next audio. Answers the chunks that are there now and were not before. */
  append(conducted: ConductedStream, part: AudioPart): { readonly first: number; readonly end: number } {
    const nowMs = this.#host.clock.nowMs();
    const grown = conducted.stream.append(part, nowMs);
    if (grown.end > grown.first) conducted.born(grown.end, nowMs);
    return grown;
  }

  /** The stream is published no more: its listeners are told. */
  withdraw(conducted: ConductedStream): void {
    if (!this.#streams.delete(conducted.id)) return;
    this.#byPath.delete(conducted.stream.head.path);
    for (const member of conducted.members) {
      member.files.delete(conducted.id);
      member.voice.tell({ type: 'changed', file: conducted.id });
    }
  }

  /** A member wants to listen. Answers false when no stream has the path. */
  want(member: NativeMember, ref: number, path: string): boolean {
    const conducted = this.#byPath.get(path);
    if (conducted) this.#begin(member, ref, conducted);
    else this.#waiting.get(path)?.set(member, ref);
    return conducted !== undefined || this.#waiting.has(path);
  }

  /** A member has gone. */
  gone(member: NativeMember): void {
    for (const waiting of this.#waiting.values()) waiting.delete(member);
  }

  #begin(member: NativeMember, ref: number, conducted: ConductedStream): void {
    const { stream, id } = conducted;
    const nowMs = this.#host.clock.nowMs();
    member.files.add(id);
    const firstChunk = conducted.join(member, nowMs);
    const head = stream.signedHead;
    const sinceMs = Math.max(0, Math.round(nowMs - stream.startMs));
    member.voice.tell({ type: 'stream', ref, file: id, head, firstChunk, nowMs: sinceMs });
  }

  /** A member says that it holds chunks. */
  have(member: NativeMember, id: number, runs: readonly Run[]): void {
    this.#streams.get(id)?.hold(member, runs);
  }

  /** A member listens no more. */
  leave(member: NativeMember, id: number): void {
    const ended = this.#streams.get(id)?.leave(member, this.#host.clock.nowMs()) ?? [];
    this.#host.cancel(id, ended);
  }

  /** What of a member has changed. */
  refresh(member: NativeMember): void {
    for (const id of member.files) this.#streams.get(id)?.refresh(member);
  }

  /** A taker tells what became of a chunk. Answers the bytes that count; undefined: it is about no stream. */
  receipt(taker: NativeMember, giver: NativeMember | undefined, receipt: Receipt): number | undefined {
    return this.#streams.get(receipt.file)?.receipt(taker, giver, receipt, this.#host.clock.nowMs());
  }

  close(): void {
    for (const ticker of this.#tickers) ticker.cancel();
  }

  #plan(): void {
    const { clock, random } = this.#host;
    for (const conducted of this.#streams.values()) {
      if (conducted.size === 0) continue;
      const { leases, transfers } = conducted.plan(clock.nowMs(), random);
      this.#tell(conducted, leases);
      const impossible = this.#host.order(conducted.id, transfers);
      for (const { giver, taker, chunk } of impossible) {
        const receipt = { file: conducted.id, giver: giver?.id ?? SERVER, chunk, outcome: 'unreachable' } as const;
        conducted.receipt(taker, giver, receipt, clock.nowMs());
      }
    }
  }

  #renew(): void {
    for (const conducted of this.#streams.values()) this.#tell(conducted, conducted.renew(this.#host.clock.nowMs()));
  }

  #watch(): void {
    for (const conducted of this.#streams.values()) {
      this.#host.cancel(conducted.id, conducted.watch(this.#host.clock.nowMs()));
    }
  }

  #tell(conducted: ConductedStream, leases: readonly PlannedLease[]): void {
    const expires = this.#host.nowSeconds() + LEASE_SECONDS;
    for (const { giver, substream, takers } of leases) {
      const met = takers.filter(({ member }) => {
        const isMet = this.#host.introduce(giver, member);
        if (!isMet) conducted.keepApart(giver, member);
        return isMet;
      });
      const named = met.map(({ member, from }) => ({ peer: member.id, from }));
      const lease = { type: 'lease', file: conducted.id, substream, expires, takers: named } as const;
      if (giver) giver.voice.tell(lease);
      else this.#host.push(lease);
    }
  }
}
