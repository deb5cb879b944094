import { matchesPattern, patternPosition } from '../support/pattern.ts';

/** Bytes of a second of the pattern: 1,000 blocks, so a block's number is its time in milliseconds. */
export const BYTES_PER_SECOND = 16_000;
const RESYNC_BYTES = 31;

/** A player that has this much before it begins, and again after each gap. */
const START_BYTES = 2 * BYTES_PER_SECOND;

/** Plays the counting pattern in real time and accounts for every byte. */
export class PatternPlayer {
  lostBytes = 0;
  repeatedBytes = 0;
  gapMs = 0;
  gaps = 0;
  latencyMs: number | undefined;
  readonly #sourceStartMs: number;
  #expected: number | undefined;
  #stray: Buffer = Buffer.alloc(0);
  #queuedBytes = 0;
  #playedUpTo = 0; // position of the newest byte received
  #isPlaying = false;
  #clockMs: number | undefined;

  /** @param sourceStartMs when the source made byte 0 of the pattern */
  constructor(sourceStartMs: number) {
    this.#sourceStartMs = sourceStartMs;
  }

  data(chunk: Buffer): void {
    this.advance();
    let rest = this.#stray.length > 0 ? Buffer.concat([this.#stray, chunk]) : chunk;
    this.#stray = Buffer.alloc(0);
    while (rest.length > 0) {
      if (this.#expected !== undefined) {
        const good = this.#goodBytes(rest);
        this.#expected += good;
        this.#queuedBytes += good;
        this.#playedUpTo = this.#expected;
        rest = rest.subarray(good);
        if (rest.length === 0) break;
      }
      if (rest.length < RESYNC_BYTES) {
        this.#stray = rest;
        break;
      }
      const position = patternPosition(rest);
      if (position < 0) {
        rest = rest.subarray(1);
        continue;
      }
      const missing = position - (this.#expected ?? position);
      if (missing > 0) this.lostBytes += missing;
      else this.repeatedBytes -= missing;
      this.#expected = position;
    }
    this.advance();
  }

  /** Lets time pass; to be called often. */
  advance(): void {
    const nowMs = performance.now();
    const beforeMs = this.#clockMs ?? nowMs;
    this.#clockMs = nowMs;
    if (!this.#isPlaying) {
      if (this.latencyMs !== undefined) this.gapMs += nowMs - beforeMs;
      this.#isPlaying = this.#queuedBytes >= START_BYTES;
    } else {
      this.#queuedBytes -= ((nowMs - beforeMs) * BYTES_PER_SECOND) / 1000;
      if (this.#queuedBytes < 0) {
        this.gaps++;
        this.#isPlaying = false;
        this.#queuedBytes = 0;
      }
    }
    if (!this.#isPlaying) return;
    const playingByte = this.#playedUpTo - this.#queuedBytes;
    this.latencyMs = nowMs - this.#sourceStartMs - (playingByte * 1000) / BYTES_PER_SECOND;
  }

  #goodBytes(data: Buffer): number {
    if (matchesPattern(data, this.#expected!)) return data.length;
    let low = 0;
    let high = data.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (matchesPattern(data.subarray(0, middle), this.#expected!)) low = middle;
      else high = middle;
    }
    return low;
  }
}
