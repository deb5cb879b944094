/**
 * What a receiver of DiStreamer fragments does: numbered fragments and lists in, audio, titles and gaps out.
 * It outlives connections: the audio goes on where the last fragment ended.
 *
 * Fragments come before the list that describes them, so they wait for it. A list names the run of the source, tells
 * where the length bytes of the metadata stand and what the sender dropped.
 * @module
 */

import { ProtocolViolation } from '../../core/errors.ts';
import type { DiscontinuityCause, TrackMetadata } from '../../core/fragment.ts';
import type { StationInfo } from '../../core/station.ts';
import { HeldFragments } from './held-fragments.ts';
import type { Message } from './message-codec.ts';
import { decodeStoreList, type StoreList } from './store-list.ts';
import { type WaitingFragment, WireRun } from './wire-run.ts';

/** What a reader knows when audio starts to come. */
export interface WireSession {
  /** `exact`: the very next byte after the last one given; `new`: another run of the source. */
  readonly continuity: 'new' | 'exact';
  readonly contentType: string | undefined;
  readonly station: StationInfo;
}

/** Takes what a reader finds, in stream order; `begin` comes first and after each `end`. */
export interface WireSink {
  begin(session: WireSession): void;
  /** Encoded audio, Ogg header pages included. Kept by the receiver, never written to. */
  audio(data: Buffer): void;
  /** The metadata that holds from the next audio byte. */
  metadata(metadata: TrackMetadata): void;
  /** Audio is missing before the next byte. */
  discontinuity(cause: DiscontinuityCause, lostMs: number | undefined): void;
  /** The run of the source is over. */
  end(): void;
}

/** Totals since the reader was made. */
export interface WireReaderCounters {
  fragments: number;
  /** Fragments that came again although they were held. */
  fragmentsRepeated: number;
  /** Numbers that never came. */
  fragmentsMissing: number;
  gaps: number;
}

/** How a reader is made. */
export interface WireReaderOptions {
  /** Where the Ogg header pages come: in messages of their own (persistent protocols) or in the list (polling). */
  readonly oggHeaderIn: 'message' | 'list';
}

/** Of fragments that an old run may have had after its last list, so many are asked for. */
const MAX_TAIL_COUNT = 64;
const MAX_WAITING_BYTES = 64 * 2 ** 20;
const MAX_WAITING_COUNT = 65_536;

/** One store of a sender as its receiver sees it. Feed it the messages of one connection after the other. */
export class WireReader {
  readonly counters: WireReaderCounters = { fragments: 0, fragmentsRepeated: 0, fragmentsMissing: 0, gaps: 0 };
  readonly #options: WireReaderOptions;
  readonly #held = new HeldFragments();
  #sink: WireSink | undefined;
  #run: WireRun | undefined;
  #began = false;
  /** All that the sender had was taken on this connection: what is missing later, the sender dropped meanwhile. */
  #isUpToDate = false;
  #waiting: WaitingFragment[] = [];
  #waitingBytes = 0;
  #oggHeader: Buffer = Buffer.alloc(0);

  constructor(options: WireReaderOptions = { oggHeaderIn: 'message' }) {
    this.#options = options;
  }

  /** Numbers to name to the sender: fragments that were passed on and that its last list named, ascending. */
  get heldNumbers(): number[] {
    return this.#held.numbers;
  }

  /** As `heldNumbers`, with those that wait for a list: what a sender need not send on this connection. */
  get receivedNumbers(): number[] {
    const numbers = new Set([...this.heldNumbers, ...this.#waiting.map(({ number }) => number)]);
    return [...numbers].sort((a, b) => a - b);
  }

  /** Bytes of fragments that wait for a list. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Which run of the source is heard; undefined before the first. */
  get sourceGeneration(): number | undefined {
    return this.#run?.sourceGeneration;
  }

  /** A new connection begins. What the last one left without a list is forgotten: it was not named, so it comes again. */
  connect(sink: WireSink): void {
    this.#sink = sink;
    this.#began = false;
    this.#isUpToDate = false;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** A sender that posts asks what is held, after however long: what is missing now was lost on the line. */
  beginPoll(): void {
    this.#isUpToDate = false;
  }

  /** Takes the next message but `err`. Throws ProtocolViolation. */
  push(message: Exclude<Message, { action: 'err' }>): void {
    if (message.action === 'fragment') this.#wait(message.number, message.data);
    else if (message.action === 'oggheader') this.#oggHeader = message.data;
    else this.describe(decodeStoreList(message.data));
  }

  /** Takes the next list. Throws ProtocolViolation. */
  describe(list: StoreList): void {
    if (this.#options.oggHeaderIn === 'list') {
      this.#waiting = this.#waiting.map((fragment) => ({ ...fragment, oggHeader: list.oggHeader }));
    }
    const named = new Set(list.fragments);
    this.#waiting.sort((a, b) => a.number - b.number);
    if (this.#run && !this.#continues(this.#run, list)) this.#endRun(this.#run, named);
    if (!this.#run && list.icyint >= 0) this.#run = new WireRun(list);
    if (this.#run) this.#passOn(this.#run, list, named);
    this.#held.keep(named);
    this.#waitingBytes = this.#waiting.reduce((sum, { data }) => sum + data.length, 0);
    this.#isUpToDate ||= this.#run?.last !== undefined && (list.fragments.at(-1) ?? 0) <= this.#run.last;
  }

  /**
   * For a receiver that asks: numbers that did not come yet, ascending. `named` are those of the list. `tail` may have
   * followed in the run before, until one of them is not there; they come before the others.
   */
  missing(list: StoreList): { readonly tail: readonly number[]; readonly named: readonly number[] } {
    const received = new Set(this.#waiting.map(({ number }) => number));
    const run = this.#run;
    if (run && this.#continues(run, list)) {
      const { last = -1 } = run;
      return { tail: [], named: list.fragments.filter((number) => number > last && !received.has(number)) };
    }
    const first = (run?.last ?? Number.NaN) + 1;
    const tailCount = Math.min(Math.max(0, list.fragments[0]! - first), MAX_TAIL_COUNT) || 0;
    const tail = Array.from({ length: tailCount }, (_, index) => first + index);
    return { tail, named: list.fragments.filter((number) => !received.has(number)) };
  }

  #wait(number: number, data: Buffer): void {
    this.#waitingBytes += data.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES || this.#waiting.length >= MAX_WAITING_COUNT) {
      throw new ProtocolViolation('fragments without a list');
    }
    this.#waiting.push({ number, data, oggHeader: this.#oggHeader });
  }

  /** False when the numbers mean another run of the source now, or another server's. */
  #continues(run: WireRun, list: StoreList): boolean {
    const newest = list.fragments.at(-1);
    const wentBack = newest !== undefined && run.last !== undefined && newest < run.last;
    return (
      run.isOf(list) && !wentBack && !this.#waiting.some(({ number, data }) => this.#held.contradicts(number, data))
    );
  }

  /** The end of the old run may have come before the list of the new one, which does not name it any more. */
  #endRun(run: WireRun, named: ReadonlySet<number>): void {
    const tail = run.takeTail(this.#waiting, named);
    if (tail.length > 0) this.#give(run, tail);
    if (this.#began) this.#sink?.end();
    this.#began = false;
    this.#run = undefined;
    this.#held.clear();
  }

  #passOn(run: WireRun, list: StoreList, named: ReadonlySet<number>): void {
    this.counters.fragmentsRepeated += run.dropHeld(this.#waiting);
    if (run.last !== undefined) this.#begin(run);
    const gapCause = this.#isUpToDate ? 'eviction' : 'line-loss';
    const { passed, missing, gaps } = run.take({ waiting: this.#waiting, list, named, gapCause });
    this.counters.fragmentsMissing += missing;
    this.counters.gaps += gaps;
    this.#give(run, passed);
  }

  #give(run: WireRun, fragments: readonly WaitingFragment[]): void {
    for (const { number, data } of fragments) this.#held.add(number, data);
    this.counters.fragments += fragments.length;
    for (const step of run.steps()) {
      this.#begin(run);
      if (step.kind === 'audio') this.#sink?.audio(step.data);
      else if (step.kind === 'metadata') this.#sink?.metadata(step.metadata);
      else this.#sink?.discontinuity(step.cause, step.lostMs);
    }
  }

  #begin(run: WireRun): void {
    if (this.#began) return;
    this.#began = true;
    const continuity = run.began ? 'exact' : 'new';
    run.began = true;
    this.#sink?.begin({ continuity, contentType: run.contentType, station: run.station });
  }
}
