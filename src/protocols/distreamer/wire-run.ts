import { ProtocolViolation } from '../../core/errors.ts';
import type { Discontinuity, DiscontinuityCause, TrackMetadata } from '../../core/fragment.ts';
import type { StationInfo } from '../../core/station.ts';
import { decodeMetadataBlock } from '../icy/metadata-block.ts';
import { stationFromHeaders } from '../icy/station-headers.ts';
import { IcySplitter, MAX_BLOCK_BYTES } from './icy-splitter.ts';
import { OggJoin } from './ogg-join.ts';
import type { StoreList } from './store-list.ts';

/** A whole fragment that no list has described yet. */
export interface WaitingFragment {
  readonly number: number;
  readonly data: Buffer;
  /** The Ogg header pages that held when it came; empty when none. */
  readonly oggHeader: Buffer;
}

/** One thing to do with the audio, in stream order. */
export type WireStep =
  | { readonly kind: 'audio'; readonly data: Buffer }
  | { readonly kind: 'metadata'; readonly metadata: TrackMetadata }
  | ({ readonly kind: 'discontinuity' } & Discontinuity);

/** What may be passed on, and how to read it. */
export interface TakeOptions {
  /** Ascending by number; what is taken or useless is removed. */
  readonly waiting: WaitingFragment[];
  readonly list: StoreList;
  readonly named: ReadonlySet<number>;
  /** Why numbers are missing, when some are. */
  readonly gapCause: DiscontinuityCause;
}

/** One run of the source as its receiver reads it: takes fragments in order apart into audio, titles and gaps. */
export class WireRun {
  readonly sourceGeneration: number;
  readonly contentType: string | undefined;
  readonly #icyint: number;
  readonly #splitter: IcySplitter;
  #headers: ReadonlyMap<string, string>;
  #ogg: OggJoin | undefined;
  #title: Buffer = Buffer.alloc(0);
  #steps: WireStep[] = [];
  /** Where in the steps the audio was joined without a known title. */
  #joinedAt: number | undefined;
  #audioSinceJoin = 0;
  /** Number of the newest fragment taken. */
  last: number | undefined;
  /** Its audio was begun, on this connection or one before. */
  began = false;

  constructor(list: StoreList) {
    this.sourceGeneration = list.sourceGeneration;
    this.contentType = list.headers.get('content-type');
    this.#headers = list.headers;
    this.#icyint = list.icyint;
    this.#splitter = new IcySplitter(list.icyint);
  }

  /** What the source says of itself. */
  get station(): StationInfo {
    // Header text is read byte by byte elsewhere; in JSON it is decoded already.
    const bytes = [...this.#headers].map(([name, text]) => [name, Buffer.from(text).toString('latin1')] as const);
    return stationFromHeaders(new Map(bytes));
  }

  /** True when that list describes this run. */
  isOf(list: StoreList): boolean {
    const contentType = list.headers.get('content-type');
    return (
      list.sourceGeneration === this.sourceGeneration &&
      list.icyint === this.#icyint &&
      contentType === this.contentType
    );
  }

  /** Removes fragments that were taken before; answers how many. */
  dropHeld(waiting: WaitingFragment[]): number {
    const { last } = this;
    const fresh = last === undefined ? 0 : waiting.findIndex(({ number }) => number > last);
    return waiting.splice(0, fresh < 0 ? waiting.length : fresh).length;
  }

  /** Takes what the list describes. Throws ProtocolViolation when the list does not fit the bytes. */
  take(options: TakeOptions): { passed: WaitingFragment[]; missing: number; gaps: number } {
    const { list, waiting } = options;
    this.#headers = list.headers;
    this.#joinedAt = undefined;
    const result = { passed: [] as WaitingFragment[], missing: 0, gaps: 0 };
    const stretches = stretchesOf(this.#choose(options));
    for (const [index, stretch] of stretches.entries()) {
      const follows = stretch[0]!.number === (this.last ?? Number.NaN) + 1;
      if (!(follows && this.#splitter.aligned) && !this.#align(stretch, list)) {
        if (index === stretches.length - 1) waiting.unshift(...stretch);
        continue;
      }
      if (this.last !== undefined && !follows) {
        result.missing += stretch[0]!.number - this.last - 1;
        result.gaps++;
        this.#steps.push({ kind: 'discontinuity', cause: options.gapCause, lostMs: undefined });
      }
      if (!follows) this.#join(stretch[0]!);
      for (const fragment of stretch) this.#read(fragment, list);
      result.passed.push(...stretch);
    }
    this.#tellListTitle(list, result.passed.at(-1));
    return result;
  }

  /** Takes what directly follows and is not named by the list of the next run: the end of this one. */
  takeTail(waiting: WaitingFragment[], named: ReadonlySet<number>): WaitingFragment[] {
    const tail: WaitingFragment[] = [];
    if (!this.#splitter.aligned || this.last === undefined) return tail;
    for (const fragment of waiting) {
      if (fragment.number !== this.last + 1 || named.has(fragment.number)) continue;
      this.#split(fragment);
      tail.push(fragment);
    }
    const taken = new Set(tail);
    waiting.splice(0, waiting.length, ...waiting.filter((fragment) => !taken.has(fragment)));
    return tail;
  }

  /** Gives the steps since the last call. */
  steps(): WireStep[] {
    const steps = this.#steps;
    this.#steps = [];
    return steps;
  }

  /** Removes from `waiting` what is named, and what was dropped at the sender just before the list but still fits; drops the rest that is older. */
  #choose({ waiting, list, named }: TakeOptions): WaitingFragment[] {
    const newestNamed = list.fragments.at(-1) ?? -1;
    const chosen: WaitingFragment[] = [];
    const later: WaitingFragment[] = [];
    let next = this.last === undefined ? undefined : this.last + 1;
    for (const fragment of waiting) {
      const { number } = fragment;
      const isTwice = chosen.at(-1)?.number === number;
      if (number > newestNamed) later.push(fragment);
      else if (!isTwice && (named.has(number) || number === next)) {
        chosen.push(fragment);
        next = number + 1;
      }
    }
    waiting.splice(0, waiting.length, ...later);
    return chosen;
  }

  /** Finds where the next length byte stands, from the offsets in the list; false when it does not tell yet. */
  #align(stretch: readonly WaitingFragment[], list: StoreList): boolean {
    this.#splitter.lose();
    if (this.#splitter.aligned) return true;
    let distance = 0;
    const after = { number: stretch.at(-1)!.number + 1, data: Buffer.alloc(0) };
    for (const { number, data } of [...stretch, after]) {
      const first = list.icyOffsets.get(number)?.[0];
      if (first !== undefined) {
        if (!this.#splitter.alignTo(distance + first)) fail();
        return true;
      }
      distance += data.length;
    }
    if (distance > this.#icyint + MAX_BLOCK_BYTES) fail();
    return false;
  }

  #join(fragment: WaitingFragment): void {
    const ogg = new OggJoin(fragment.oggHeader);
    this.#ogg = ogg.usable ? ogg : undefined;
    this.#joinedAt = this.#steps.length;
    this.#audioSinceJoin = 0;
  }

  #read(fragment: WaitingFragment, list: StoreList): void {
    const told = list.icyOffsets.get(fragment.number);
    if (told?.length && !sameNumbers(told, this.#splitter.offsetsIn(fragment.data))) this.#alignAnew(fragment, told);
    const discontinuity = list.discontinuities.get(fragment.number);
    const continues = this.last !== undefined && fragment.number === this.last + 1;
    if (discontinuity && continues) {
      this.#steps.push({ kind: 'discontinuity', ...discontinuity });
      this.#join(fragment);
    }
    this.#split(fragment);
  }

  /** The count and the list differ: bytes were lost at the sender. */
  #alignAnew(fragment: WaitingFragment, told: readonly number[]): void {
    if (!this.#splitter.alignTo(told[0]!) || !sameNumbers(told, this.#splitter.offsetsIn(fragment.data))) fail();
    this.#steps.push({ kind: 'discontinuity', cause: 'corrupt', lostMs: undefined });
    this.#join(fragment);
  }

  #split(fragment: WaitingFragment): void {
    this.#splitter.push(fragment.data, {
      audio: (data) => this.#audio(data),
      block: (text) => this.#tellTitle(text, this.#isFirstBlock ? this.#joinedAt! : this.#steps.length),
    });
    this.last = fragment.number;
  }

  /** The first place for a block after a join: what it tells holds from the join on, not only from there. */
  get #isFirstBlock(): boolean {
    return this.#joinedAt !== undefined && this.#audioSinceJoin <= this.#icyint;
  }

  #audio(data: Buffer): void {
    this.#audioSinceJoin += data.length;
    const parts = this.#ogg ? this.#ogg.push(data) : [data];
    if (!parts) return;
    this.#ogg = undefined;
    for (const part of parts) if (part.length > 0) this.#steps.push({ kind: 'audio', data: part });
  }

  #tellTitle(block: Buffer, at: number): void {
    this.#joinedAt = undefined;
    if (block.equals(this.#title)) return;
    this.#title = block;
    const { title, url } = decodeMetadataBlock(block);
    if (title === undefined && url === undefined) return;
    this.#steps.splice(at, 0, { kind: 'metadata', metadata: { title: title ?? '', ...(url && { url }) } });
  }

  /**
   * The list tells the newest title. It holds from the place of a join when no block came since; and it is
   * all there is when the fragments carry no metadata, unless the stream tells its titles itself (Ogg).
   */
  #tellListTitle(list: StoreList, newest: WaitingFragment | undefined): void {
    if (!newest || list.title.length === 0) return;
    const carriesNone = this.#icyint === 0 && newest.oggHeader.length === 0;
    const at = this.#joinedAt ?? (carriesNone ? 0 : undefined);
    if (at !== undefined && (this.#icyint > 0 || carriesNone)) this.#tellTitle(list.title, at);
  }
}

function fail(): never {
  throw new ProtocolViolation('the list does not fit the metadata in the fragments');
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((number, index) => number === b[index]);
}

/** Runs of fragments whose numbers follow each other. */
function stretchesOf(fragments: readonly WaitingFragment[]): WaitingFragment[][] {
  const stretches: WaitingFragment[][] = [];
  for (const fragment of fragments) {
    const stretch = stretches.at(-1);
    if (stretch?.at(-1)?.number === fragment.number - 1) stretch.push(fragment);
    else stretches.push([fragment]);
  }
  return stretches;
}
