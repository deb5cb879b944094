import { createHash, type Hash } from 'node:crypto';
import type { LedgerBlock, LedgerSnapshot } from './ledger.ts';

/** What a ledger says of the bytes of its recording. */
export interface BytesVerdict {
  /** Bytes whose hash, and its place in the chain, is that of the ledger. */
  readonly checkedBytes: number;
  /** Bytes in front of these of which the ledger no longer holds the hashes. */
  readonly forgottenBytes: number;
  /** Bytes behind these that the ledger does not tell of: it was written a little earlier. */
  readonly untoldBytes: number;
  /** The first block that is not as the ledger says, by its place in the bytes; undefined: all are. */
  readonly different: { readonly block: LedgerBlock; readonly at: number } | undefined;
  /** Bytes that the ledger tells of and that are not there. */
  readonly missingBytes: number;
}

/** Checks the bytes of a recording, as they are read, against its ledger: every hash, and the chain over them. */
export class LedgerBytesCheck {
  readonly #blocks: readonly LedgerBlock[];
  readonly #forgottenBytes: number;
  #toSkip: number;
  #index = 0;
  #hash: Hash = createHash('sha256');
  #hashed = 0;
  #checkedBytes = 0;
  #untoldBytes = 0;
  #different: BytesVerdict['different'];

  constructor(ledger: LedgerSnapshot) {
    this.#blocks = ledger.blocks;
    const held = ledger.blocks.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#forgottenBytes = Math.max(0, ledger.audioBytes - held);
    this.#toSkip = this.#forgottenBytes;
  }

  /** The next bytes. */
  push(data: Buffer): void {
    const skipped = Math.min(this.#toSkip, data.length);
    this.#toSkip -= skipped;
    for (let at = skipped; at < data.length; ) {
      const block = this.#blocks[this.#index];
      if (!block) {
        this.#untoldBytes += data.length - at;
        return;
      }
      const part = data.subarray(at, at + block.bytes - this.#hashed);
      this.#hash.update(part);
      this.#hashed += part.length;
      at += part.length;
      if (this.#hashed === block.bytes) this.#close(block);
    }
  }

  /** The verdict on all that was pushed. */
  verdict(): BytesVerdict {
    const left = this.#blocks.slice(this.#index).reduce((sum, { bytes }) => sum + bytes, 0);
    return {
      checkedBytes: this.#checkedBytes,
      forgottenBytes: this.#forgottenBytes - this.#toSkip,
      untoldBytes: this.#untoldBytes,
      different: this.#different,
      missingBytes: this.#toSkip + left - this.#hashed,
    };
  }

  #close(block: LedgerBlock): void {
    const sha256 = this.#hash.digest('hex');
    this.#hash = createHash('sha256');
    this.#hashed = 0;
    // The chain before the oldest block that is held is not known, but where nothing is forgotten: there it is empty.
    const before = this.#index > 0 ? this.#blocks[this.#index - 1]!.chain : '';
    const isChainKnown = this.#index > 0 || this.#forgottenBytes === 0;
    const chain = createHash('sha256').update(before).update(sha256).digest('hex');
    this.#index++;
    if (sha256 === block.sha256 && (!isChainKnown || chain === block.chain)) this.#checkedBytes += block.bytes;
    else this.#different ??= { block, at: this.#placeOf(this.#index - 1) };
  }

  #placeOf(index: number): number {
    return this.#blocks.slice(0, index).reduce((sum, { bytes }) => sum + bytes, this.#forgottenBytes);
  }
}
