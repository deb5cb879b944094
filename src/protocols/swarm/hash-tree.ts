/**
 * The SHA-256 tree over a file: leaves of 16 KiB, an inner node is the hash of its two children, missing leaves at the
 * end are 32 zero bytes up to a power of two, as in BEP 52. The layer that is sent to peers has one hash for each chunk of
 * 64 KiB, the unit that is passed on.
 * @module
 */
import { createHash, hash } from 'node:crypto';

/** Bytes under one leaf. */
export const LEAF_BYTES = 16_384;
/** Bytes of a chunk: four leaves. */
export const SWARM_CHUNK_BYTES = 65_536;
/** Bytes of a hash. */
export const HASH_BYTES = 32;
/** The most chunks of a file: 64 GiB. */
export const MAX_FILE_CHUNKS = 2 ** 20;

const LEAVES_OF_CHUNK = SWARM_CHUNK_BYTES / LEAF_BYTES;
const NO_LEAF = Buffer.alloc(HASH_BYTES);

/** Chunks of a file of so many bytes. */
export function chunksOf(sizeBytes: number): number {
  return Math.ceil(sizeBytes / SWARM_CHUNK_BYTES);
}

/** Bytes of a chunk of a file of `sizeBytes`; the last one may be shorter. */
export function chunkLength(sizeBytes: number, chunk: number): number {
  return Math.min(SWARM_CHUNK_BYTES, sizeBytes - chunk * SWARM_CHUNK_BYTES);
}

/** The hash of a chunk (1 to 65,536 bytes): the root over its four leaves. */
export function chunkHash(bytes: Buffer): Buffer {
  const leaves = Buffer.alloc(LEAVES_OF_CHUNK * HASH_BYTES);
  for (let leaf = 0; leaf * LEAF_BYTES < bytes.length; leaf++) {
    sha256(bytes.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES)).copy(leaves, leaf * HASH_BYTES);
  }
  return rootOf(leaves, LEAVES_OF_CHUNK, NO_LEAF);
}

/** The root over the hashes of all chunks, one after another. Throws RangeError for none or too many. */
export function treeRoot(chunkHashes: Buffer): Buffer {
  const count = chunkHashes.length / HASH_BYTES;
  if (!Number.isInteger(count) || count < 1 || count > MAX_FILE_CHUNKS) throw new RangeError('no list of hashes');
  let width = 1;
  while (width < count) width *= 2;
  return rootOf(chunkHashes, width, EMPTY_CHUNK);
}

/** The root of `width` nodes, those after the given ones being `filler`. */
function rootOf(nodes: Buffer, width: number, filler: Buffer): Buffer {
  let layer = nodes;
  let missing = filler;
  for (let left = width; left > 1; left /= 2) {
    const count = layer.length / HASH_BYTES;
    const next = Buffer.alloc(Math.ceil(count / 2) * HASH_BYTES);
    for (let at = 0; at < count; at += 2) {
      const pair =
        at + 1 < count
          ? layer.subarray(at * HASH_BYTES, (at + 2) * HASH_BYTES)
          : Buffer.concat([layer.subarray(at * HASH_BYTES), missing]);
      sha256(pair).copy(next, (at / 2) * HASH_BYTES);
    }
    layer = next;
    missing = sha256(Buffer.concat([missing, missing]));
  }
  return Buffer.from(layer);
}

/** One call where the platform has it (Node 20.12 and 21.7 on). */
function sha256(bytes: Buffer): Buffer {
  return typeof hash === 'function' ? hash('sha256', bytes, 'buffer') : createHash('sha256').update(bytes).digest();
}

const EMPTY_CHUNK = rootOf(Buffer.alloc(LEAVES_OF_CHUNK * HASH_BYTES), LEAVES_OF_CHUNK, NO_LEAF);
