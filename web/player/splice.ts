/**
 * Continues a run of sound over reconnects: what was heard already is left out, by the position that the server
 * names, or else by looking for the last bytes that were heard.
 * @module
 */
import { Tail } from './tail.ts';

/** Looking for the place is given up at this. */
const MAX_HELD = 4 * 1024 * 1024;

/** A place in a stream: which start of the mount, and a byte of what it sends. */
export interface Position {
  readonly run: string;
  readonly byte: number;
}

/** Reads `RUN.BYTE`; undefined for anything else. */
export function parsePosition(text: string | null): Position | undefined {
  const match = /^([\w-]{1,64})\.(\d{1,15})$/.exec(text ?? '');
  return match ? { run: match[1]!, byte: Number(match[2]) } : undefined;
}

/** What a connection's next bytes are. */
export type Join = 'first' | 'exact' | 'searching' | 'broken';

/** Decides what of each connection is new. */
export class Splice {
  readonly #tail = new Tail();
  #position: Position | undefined;
  #held: Uint8Array<ArrayBuffer>[] = [];
  #heldBytes = 0;
  #searched = 0;
  /** How the connection that runs now was joined to the one before. */
  join: Join = 'first';
  /** Reconnects at which not a byte was missing or heard twice. */
  exactCount = 0;
  brokenCount = 0;

  /** The position behind all that was played, to ask for: `RUN.BYTE`. */
  get next(): string | undefined {
    return this.#position && `${this.#position.run}.${this.#position.byte}`;
  }

  /** A connection answers; `position` is where its first byte lies, as the server says. */
  begin(position: Position | undefined): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#searched = 0;
    const before = this.#position;
    if (this.#tail.length === 0) this.join = 'first';
    else if (position && before && position.run === before.run && position.byte === before.byte) this.#joined();
    else this.join = 'searching';
    if (this.join !== 'searching') this.#position = position;
    else this.#position = position ?? undefined;
  }

  /**
   * Takes bytes of the connection, gives those to play.
   * @param isUrgent the sound stored runs out: a break is better than silence
   */
  push(data: Uint8Array<ArrayBuffer>, isUrgent: boolean): Uint8Array<ArrayBuffer>[] {
    this.#advance(data.length);
    if (this.join !== 'searching') {
      this.#tail.push(data);
      return [data];
    }
    this.#held.push(data);
    this.#heldBytes += data.length;
    const all = joined(this.#held, this.#heldBytes);
    this.#held = [all];
    const end = this.#tail.endIn(all, this.#searched);
    this.#searched = Math.max(0, all.length - this.#tail.length);
    if (end >= 0) {
      this.#joined();
      return this.#release(all.subarray(end));
    }
    if (!isUrgent && this.#heldBytes < MAX_HELD) return [];
    this.join = 'broken';
    this.brokenCount++;
    return this.#release(all);
  }

  /** Forgets everything: the next connection begins anew. */
  reset(): void {
    this.#tail.clear();
    this.#position = undefined;
    this.#held = [];
    this.#heldBytes = 0;
    this.join = 'first';
  }

  #joined(): void {
    this.join = 'exact';
    this.exactCount++;
  }

  #release(data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
    this.#held = [];
    this.#heldBytes = 0;
    this.#tail.push(data);
    return data.length > 0 ? [data] : [];
  }

  #advance(bytes: number): void {
    if (this.#position) this.#position = { run: this.#position.run, byte: this.#position.byte + bytes };
  }
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[], bytes: number): Uint8Array<ArrayBuffer> {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
