import type { KeyObject } from 'node:crypto';
import { nonceOfNumber, open, rekeyed } from '../noise/chacha20-poly1305.ts';
import { decodeRecordHeader, RECORD_HEADER_BYTES, wholeNumber } from './record-header.ts';
import { ReplayWindow } from './record-replay.ts';

/** How long the key before the current one is taken too, in milliseconds: for records that were overtaken. */
export const OLD_KEY_GRACE_MS = 60_000;

/** A genuine record. */
export interface OpenedRecord {
  readonly number: number;
  readonly payload: Buffer;
}

/**
 * Why bytes were not taken: no record, or not for us; too old for the window, or for its key; taken before; 2^31 or
 * more ahead of what came so far; not made with our keys.
 * Each is counted by the caller and answered with nothing.
 */
export type RecordRefusal = 'malformed' | 'old' | 'duplicate' | 'future' | 'forged';

const FUTURE_RECORDS = 2 ** 31;

/** What an opener needs. */
export interface RecordOpenerOptions {
  /** The key of the peer's direction, from the handshake. */
  readonly key: KeyObject;
  /** One's own connection id; a record for another one is malformed. */
  readonly connectionId: number;
  readonly oldKeyGraceMs?: number;
  /** For tests near the end of the numbers. */
  readonly firstNumber?: number;
}

/**
 * Opens the records of one direction, in any order, each once. Forged bytes change nothing. Follows the peer's change
 * of key, told by the key phase in the header, once a record proves genuine under the following key.
 */
export class RecordOpener {
  readonly #connectionId: number;
  readonly #oldKeyGraceMs: number;
  readonly #window = new ReplayWindow();
  readonly #firstNumber: number;
  #oldKey: KeyObject | undefined;
  #oldKeyUntilMs = 0;
  #key: KeyObject;
  // Made beforehand, so that the time an answer takes does not tell a wrong guess of the phase.
  #nextKey: KeyObject;
  #keyPhase: 0 | 1 = 0;
  #firstTakenOfKey: number;

  constructor(options: RecordOpenerOptions) {
    this.#key = options.key;
    this.#nextKey = rekeyed(options.key);
    this.#connectionId = options.connectionId;
    this.#oldKeyGraceMs = options.oldKeyGraceMs ?? OLD_KEY_GRACE_MS;
    this.#firstNumber = options.firstNumber ?? 0;
    this.#firstTakenOfKey = this.#firstNumber;
  }

  /** The highest number that came; -1 before the first. */
  get highestNumber(): number {
    return this.#window.highest;
  }

  /** Opens a record, or tells why not. Never throws on foreign bytes. */
  open(record: Buffer, nowMs: number): OpenedRecord | RecordRefusal {
    const header = decodeRecordHeader(record);
    if (!header || header.connectionId !== this.#connectionId) return 'malformed';
    const expected = Math.max(this.#window.highest + 1, this.#firstNumber);
    const number = wholeNumber(header.truncatedNumber, expected);
    if (number - expected >= FUTURE_RECORDS - 1) return 'future';
    const verdict = this.#window.verdict(number);
    if (verdict !== 'new') return verdict;
    const key = this.#keyFor(header.keyPhase, number, nowMs);
    if (!key) return 'old';
    const nonce = nonceOfNumber(number);
    const payload = open(key, nonce, record.subarray(0, RECORD_HEADER_BYTES), record.subarray(RECORD_HEADER_BYTES));
    if (!payload) return 'forged';
    this.#window.add(number);
    if (key === this.#nextKey) this.#follow(number, nowMs);
    return { number, payload };
  }

  /** Numbers grow with the keys: below one of the current key the other phase is the old key's, else the next's. */
  #keyFor(keyPhase: 0 | 1, number: number, nowMs: number): KeyObject | undefined {
    if (keyPhase === this.#keyPhase) return this.#key;
    if (number >= this.#firstTakenOfKey) return this.#nextKey;
    if (nowMs >= this.#oldKeyUntilMs) this.#oldKey = undefined;
    return this.#oldKey;
  }

  #follow(number: number, nowMs: number): void {
    this.#oldKey = this.#key;
    this.#oldKeyUntilMs = nowMs + this.#oldKeyGraceMs;
    this.#key = this.#nextKey;
    this.#nextKey = rekeyed(this.#key);
    this.#keyPhase = this.#keyPhase === 0 ? 1 : 0;
    this.#firstTakenOfKey = number;
  }
}
