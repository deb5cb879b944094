/**
 * What follows TLS on the connection of a peer with the conductor when both can do it: records that are sealed with keys
 * which TLS has agreed (RFC 5705). TLS proves the server and makes the keys; then it is closed, and so is its memory, which is
 * four times that of everything else that an idle peer costs. A record is a byte 0xd3, two bytes with the length of what
 * follows, and ChaCha20-Poly1305 of the messages in it (RFC 8439), whose nonce counts the records of a direction and whose
 * associated data is the head. No record of TLS begins so (RFC 8446, section 5.1).
 * @module
 */
import type { KeyObject } from 'node:crypto';
import { ProtocolViolation } from '../../core/errors.ts';
import { aeadKey, nonceOfNumber, open, seal, TAG_BYTES } from '../noise/chacha20-poly1305.ts';

/** Bit of the capabilities in `hello` and `welcome`: the connection goes on in sealed records after `welcome`. */
export const SEALED = 1;
/** The label and length of what is taken from TLS: 32 bytes for the peer's records, 32 for the conductor's. */
export const SEALED_LABEL = 'EXPORTER-distream-swarm-sealed';
export const SEALED_KEY_BYTES = 64;
/** With which a record begins. */
export const SEALED_MARK = 0xd3;

const HEAD_BYTES = 3;
const MAX_PLAIN_BYTES = 16_384;
const MAX_SEALED_BYTES = MAX_PLAIN_BYTES + TAG_BYTES;
const EMPTY = Buffer.alloc(0);

/** Seals what one side sends, in its order. */
export class RecordSealer {
  readonly #key: KeyObject;
  #count = 0;

  /** @param key 32 bytes, copied */
  constructor(key: Buffer) {
    this.#key = aeadKey(key);
  }

  /** The records of these bytes; of none, one that is empty, which only the first may be. */
  seal(bytes: Buffer): Buffer {
    const parts: Buffer[] = [];
    for (let at = 0; at === 0 || at < bytes.length; at += MAX_PLAIN_BYTES) {
      const plain = bytes.subarray(at, at + MAX_PLAIN_BYTES);
      const head = Buffer.alloc(HEAD_BYTES);
      head.writeUInt8(SEALED_MARK);
      head.writeUInt16BE(plain.length + TAG_BYTES, 1);
      parts.push(head, seal(this.#key, nonceOfNumber(this.#count++), head, plain));
    }
    return Buffer.concat(parts);
  }
}

/** Opens what the other side has sealed, however the bytes are cut. */
export class RecordOpener {
  readonly #key: KeyObject;
  #count = 0;
  #held = EMPTY;

  /** @param key 32 bytes, copied */
  constructor(key: Buffer) {
    this.#key = aeadKey(key);
  }

  /** What was in the records that are complete with these bytes. Throws ProtocolViolation for one that was not sealed so. */
  push(bytes: Buffer): Buffer {
    const all = this.#held.length > 0 ? Buffer.concat([this.#held, bytes]) : bytes;
    const parts: Buffer[] = [];
    let at = 0;
    while (all.length - at >= HEAD_BYTES) {
      const head = all.subarray(at, at + HEAD_BYTES);
      const end = at + HEAD_BYTES + lengthIn(head);
      if (end > all.length) break;
      const plain = open(this.#key, nonceOfNumber(this.#count), head, all.subarray(at + HEAD_BYTES, end));
      if (!plain) throw new ProtocolViolation('a record was not sealed by the other side');
      // Each costs as much as a full one; the first tells that TLS is over.
      if (plain.length === 0 && this.#count > 0) throw new ProtocolViolation('a record is empty');
      this.#count++;
      parts.push(plain);
      at = end;
    }
    // A copy: what is kept of a read would keep the whole of it.
    this.#held = at === all.length ? EMPTY : Buffer.from(all.subarray(at));
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}

function lengthIn(head: Buffer): number {
  const length = head.readUInt16BE(1);
  if (head[0] !== SEALED_MARK || length < TAG_BYTES || length > MAX_SEALED_BYTES) {
    throw new ProtocolViolation('what follows TLS is no sealed record');
  }
  return length;
}
