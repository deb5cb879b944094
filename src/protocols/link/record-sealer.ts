import type { KeyObject } from 'node:crypto';
import { nonceOfNumber, rekeyed, sealParts } from '../noise/chacha20-poly1305.ts';
import { encodeRecordHeader, MAX_RECORD_BYTES, MAX_RECORD_NUMBER, RECORD_OVERHEAD_BYTES } from './record-header.ts';

/** When a key has served its time. */
export const REKEY_AFTER_RECORDS = 2 ** 31;
/** When a key has served its time, in milliseconds. */
export const REKEY_AFTER_MS = 3_600_000;

/** What a sealer needs. */
export interface RecordSealerOptions {
  /** The key of one's own direction, from the handshake; used by this sealer alone. */
  readonly key: KeyObject;
  /** The peer's connection id, below 2^32. */
  readonly connectionId: number;
  /** Milliseconds of the clock that `seal` is given as well. */
  readonly nowMs: number;
  readonly rekeyAfterRecords?: number;
  readonly rekeyAfterMs?: number;
  /** For tests near the end of the numbers. */
  readonly firstNumber?: number;
}

/**
 * Seals the records of one direction. The nonce is the record's number, which never comes back and goes on across
 * keys, so no key sees a nonce twice. After 2^31 records or an hour the following key takes over, as soon as the peer
 * has acknowledged a record of the current one: so the peer is never more than one key behind.
 */
export class RecordSealer {
  readonly #connectionId: number;
  readonly #rekeyAfterRecords: number;
  readonly #rekeyAfterMs: number;
  #key: KeyObject;
  #keyPhase: 0 | 1 = 0;
  #keySinceMs: number;
  #firstOfKey: number;
  #nextNumber: number;
  #keyConfirmed = false;
  #rekeys = 0;

  constructor(options: RecordSealerOptions) {
    this.#key = options.key;
    this.#connectionId = options.connectionId;
    this.#keySinceMs = options.nowMs;
    this.#rekeyAfterRecords = options.rekeyAfterRecords ?? REKEY_AFTER_RECORDS;
    this.#rekeyAfterMs = options.rekeyAfterMs ?? REKEY_AFTER_MS;
    this.#nextNumber = options.firstNumber ?? 0;
    this.#firstOfKey = this.#nextNumber;
  }

  /** The number that the next record will have. */
  get nextNumber(): number {
    return this.#nextNumber;
  }

  /** How often the key was changed. */
  get rekeys(): number {
    return this.#rekeys;
  }

  /** The peer has the record of this number. */
  acknowledge(number: number): void {
    if (number >= this.#firstOfKey && number < this.#nextNumber) this.#keyConfirmed = true;
  }

  /**
   * The next record with `payload` in it. Throws RangeError for a payload over 65,510 bytes, and when the numbers are
   * used up.
   */
  seal(payload: Uint8Array, nowMs: number): Buffer {
    if (payload.length > MAX_RECORD_BYTES - RECORD_OVERHEAD_BYTES) throw new RangeError('the record is too long');
    if (this.#nextNumber > MAX_RECORD_NUMBER) throw new RangeError('the numbers of the records are used up');
    if (this.#keyConfirmed && this.#keyIsDue(nowMs)) this.#rekey(nowMs);
    const number = this.#nextNumber++;
    const header = encodeRecordHeader(this.#keyPhase, this.#connectionId, number);
    const [text, tag] = sealParts(this.#key, nonceOfNumber(number), header, payload);
    return Buffer.concat([header, text, tag]);
  }

  #keyIsDue(nowMs: number): boolean {
    return (
      this.#nextNumber - this.#firstOfKey >= this.#rekeyAfterRecords || nowMs - this.#keySinceMs >= this.#rekeyAfterMs
    );
  }

  #rekey(nowMs: number): void {
    this.#key = rekeyed(this.#key);
    this.#keyPhase = this.#keyPhase === 0 ? 1 : 0;
    this.#keySinceMs = nowMs;
    this.#firstOfKey = this.#nextNumber;
    this.#keyConfirmed = false;
    this.#rekeys++;
  }
}
