import { ProtocolViolation } from '../../core/errors.ts';
import { chunkHash, chunkLength, chunksOf, HASH_BYTES, treeRoot } from '../../protocols/swarm/hash-tree.ts';
import { type FileManifest, openManifest } from '../../protocols/swarm/manifest.ts';

/** What is known of a file that is fetched: its signed manifest, then the hashes of its chunks. */
export class FetchedFile {
  readonly id: number;
  readonly manifest: FileManifest;
  readonly chunkCount: number;
  readonly #hashes: Buffer;
  #hashesCame = 0;

  /** Throws ProtocolViolation when the manifest is not signed by the key, or is of another path. */
  constructor(id: number, manifest: Buffer, serverKey: Buffer, path: string) {
    this.id = id;
    this.manifest = openManifest(manifest, serverKey);
    if (this.manifest.path !== path) throw new ProtocolViolation('the manifest of another file');
    this.chunkCount = chunksOf(this.manifest.sizeBytes);
    this.#hashes = Buffer.alloc(this.chunkCount * HASH_BYTES);
  }

  /** Takes hashes in order. Answers true when all are there and right. Throws ProtocolViolation when they are not. */
  addHashes(first: number, hashes: Buffer): boolean {
    if (first !== this.#hashesCame || first * HASH_BYTES + hashes.length > this.#hashes.length) {
      throw new ProtocolViolation('hashes out of order');
    }
    hashes.copy(this.#hashes, first * HASH_BYTES);
    this.#hashesCame += hashes.length / HASH_BYTES;
    if (this.#hashesCame < this.chunkCount) return false;
    if (!treeRoot(this.#hashes).equals(this.manifest.root)) throw new ProtocolViolation('hashes of another file');
    return true;
  }

  /** Bytes of a chunk; undefined when the file has none of that number. */
  lengthOf(chunk: number): number | undefined {
    return chunk < this.chunkCount ? chunkLength(this.manifest.sizeBytes, chunk) : undefined;
  }

  /** The hash of a chunk's right bytes. */
  hashOf(chunk: number): Buffer {
    return this.#hashes.subarray(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES);
  }

  /** True for the right bytes of a chunk. */
  isRight(chunk: number, bytes: Buffer): boolean {
    return chunkHash(bytes).equals(this.hashOf(chunk));
  }
}
