import { createHash, type Hash } from 'node:crypto';

/** Sample frames of the smallest block: 1.4 s at 48 kHz. */
const LEAF_FRAMES = 65_536;
const MAX_BLOCKS = 512;
const DIGEST_BYTES = 16;

/** Digests of the blocks of a track, by which a difference is found without the sound itself. */
export interface BlockAccount {
  /** Sample frames of a block: 65536 times a power of two. Block n begins at position n times that. */
  readonly frames: number;
  /** Number of the first block in `digests`. */
  readonly first: number;
  /** 32 hexadecimal digits each; null where not all of the block is there. */
  readonly digests: readonly (string | null)[];
}

type Digest = Buffer | null;

/**
 * The digest of two neighbouring blocks, made from theirs: a hash tree. So a fine list is made coarser without the
 * sound, and two lists of different lengths can be compared.
 */
function combine(left: Digest, right: Digest): Digest {
  if (!left || !right) return null;
  return createHash('sha256').update(left).update(right).digest().subarray(0, DIGEST_BYTES);
}

/** Makes the digests while a track runs. Holds at most 512 of them: then every two become one. */
export class BlockDigests {
  readonly #leafBytes: number;
  #level = 0;
  #first: number;
  #digests: Digest[] = [];
  /** The left one of two blocks whose right one is not complete, by level. */
  #left: (Digest | undefined)[] = [];
  #leaf: Hash | undefined;
  #leafIndex: number;
  /** Bytes of the current leaf that have passed. */
  #filled: number;

  /** @param startFrame position of the first sample frame */
  constructor(frameBytes: number, startFrame: number) {
    this.#leafBytes = LEAF_FRAMES * frameBytes;
    this.#leafIndex = Math.floor(startFrame / LEAF_FRAMES);
    this.#first = this.#leafIndex;
    this.#filled = (startFrame - this.#leafIndex * LEAF_FRAMES) * frameBytes;
    // A block that began before the first frame is never whole.
    this.#leaf = this.#filled === 0 ? createHash('sha256') : undefined;
  }

  push(pcm: Buffer): void {
    for (let at = 0; at < pcm.length; ) {
      const part = pcm.subarray(at, at + this.#leafBytes - this.#filled);
      this.#leaf?.update(part);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#leafBytes) this.#endLeaf();
    }
  }

  account(): BlockAccount {
    return {
      frames: LEAF_FRAMES * 2 ** this.#level,
      first: this.#first,
      digests: this.#digests.map((digest) => digest?.toString('hex') ?? null),
    };
  }

  #endLeaf(): void {
    let digest: Digest = this.#leaf?.digest().subarray(0, DIGEST_BYTES) ?? null;
    let index = this.#leafIndex;
    let level = 0;
    for (; level < this.#level; level++) {
      if (index % 2 === 0) {
        this.#left[level] = digest;
        break;
      }
      digest = combine(this.#left[level] ?? null, digest);
      this.#left[level] = undefined;
      index = Math.floor(index / 2);
    }
    if (level === this.#level) this.#digests.push(digest);
    if (this.#digests.length > MAX_BLOCKS) this.#fold();
    this.#leaf = createHash('sha256');
    this.#leafIndex += 1;
    this.#filled = 0;
  }

  #fold(): void {
    const folded = foldDigests(this.#first, this.#digests);
    this.#left[this.#level] = folded.rest;
    this.#level += 1;
    this.#first = folded.first;
    this.#digests = folded.digests;
  }
}

/** Every two blocks as one. `rest` is the last one, where its right neighbour is not there. */
function foldDigests(first: number, digests: readonly Digest[]) {
  const even = first % 2 === 0 ? digests : [null, ...digests];
  const folded: Digest[] = [];
  for (let at = 0; at + 1 < even.length; at += 2) folded.push(combine(even[at]!, even[at + 1]!));
  return { first: Math.floor(first / 2), digests: folded, rest: even.length % 2 === 1 ? even.at(-1) : undefined };
}

/** The same track in blocks of `frames`, which is the account's own size times a power of two. */
export function coarsen(account: BlockAccount, frames: number): BlockAccount {
  let first = account.first;
  let digests: Digest[] = account.digests.map((digest) => (digest === null ? null : Buffer.from(digest, 'hex')));
  for (let size = account.frames; size < frames; size *= 2) ({ first, digests } = foldDigests(first, digests));
  return { frames, first, digests: digests.map((digest) => digest?.toString('hex') ?? null) };
}
