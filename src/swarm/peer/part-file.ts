import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { rangeLength } from '../../protocols/pdtp/byte-range.ts';
import { type ChunkGeometry, chunkCount, chunkRange } from '../../protocols/pdtp/chunks.ts';
import { ChunkSet } from '../coordinator/chunk-set.ts';
import type { ChunkStore } from './chunk-store.ts';

const HASH_BYTES = 32;
const HEAD_BYTES = 512;
const EMPTY_HASH = Buffer.alloc(HASH_BYTES);
/** Hashes that are read at once. */
const HASHES_AT_ONCE = 4096;

/** What a part file belongs to. */
export interface PartFileOptions {
  /** The file that it becomes; `.part` and `.part.hashes` stand beside it until then. */
  readonly path: string;
  readonly geometry: ChunkGeometry;
  /** Names the file and its version; what was kept of another is dropped. */
  readonly identity: string;
  /** False: nothing is kept when it closes, and `finish` leaves no file. */
  readonly isKept: boolean;
  /** The hash of a chunk (32 bytes), by which it is known again. Default SHA-256 of its bytes. */
  readonly hashOf?: (bytes: Buffer) => Buffer;
}

/**
 * A file on its way: chunks at their places, and beside them a list of the hashes that were right when they came, by
 * which what is there is verified before a transfer goes on. Nothing of it is in memory.
 */
export class PartFile implements ChunkStore {
  readonly chunks = new ChunkSet();
  readonly #options: PartFileOptions;
  readonly #data: FileHandle;
  readonly #hashes: FileHandle;
  #isFinished = false;

  private constructor(options: PartFileOptions, data: FileHandle, hashes: FileHandle) {
    this.#options = options;
    this.#data = data;
    this.#hashes = hashes;
  }

  /** Opens or makes the part, and verifies what is there. Rejects with FILE_UNWRITABLE. The caller closes it. */
  static async open(options: PartFileOptions): Promise<PartFile> {
    const { path } = options;
    const [dataPath, hashesPath] = namesOf(path);
    try {
      const data = await openEither(dataPath);
      const hashes = await openEither(hashesPath).catch(async (error: unknown) => {
        await data.close();
        throw error;
      });
      const part = new PartFile(options, data, hashes);
      await part.#resume();
      return part;
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  async write(chunk: number, bytes: Buffer, hash: string): Promise<void> {
    try {
      await writeAll(this.#data, bytes, chunkRange(this.#options.geometry, chunk).min);
      // Within this turn: a thread for 32 bytes costs ten times as much, and what comes before has shown that the disk takes bytes.
      writeSync(this.#hashes.fd, Buffer.from(hash, 'hex'), 0, HASH_BYTES, HEAD_BYTES + chunk * HASH_BYTES);
      this.chunks.add(chunk);
    } catch (error) {
      throw unwritable(this.#options.path, error);
    }
  }

  async read(chunk: number): Promise<Buffer | undefined> {
    if (!this.chunks.has(chunk)) return undefined;
    return this.#readChunk(chunk);
  }

  async finish(): Promise<void> {
    const { path, isKept } = this.#options;
    const [dataPath, hashesPath] = namesOf(path);
    try {
      if (isKept) {
        await this.#data.sync();
        await rename(dataPath, path);
      }
      this.#isFinished = true;
      await rm(hashesPath, { force: true });
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#data.close(), this.#hashes.close()]);
    if (this.#options.isKept || this.#isFinished) return;
    for (const name of namesOf(this.#options.path)) await rm(name, { force: true }).catch(() => {});
  }

  async #readChunk(chunk: number): Promise<Buffer | undefined> {
    const range = chunkRange(this.#options.geometry, chunk);
    const bytes = Buffer.alloc(rangeLength(range));
    const { bytesRead } = await this.#data.read(bytes, 0, bytes.length, range.min);
    return bytesRead === bytes.length ? bytes : undefined;
  }

  async #resume(): Promise<void> {
    const head = Buffer.alloc(HEAD_BYTES);
    createHash('sha512').update(this.#identity()).digest().copy(head);
    const found = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await this.#hashes.read(found, 0, HEAD_BYTES, 0);
    if (bytesRead === HEAD_BYTES && found.equals(head)) return this.#verify();
    await this.#hashes.truncate(0);
    await this.#data.truncate(0);
    await writeAll(this.#hashes, head, 0);
  }

  async #verify(): Promise<void> {
    const count = chunkCount(this.#options.geometry);
    for (let first = 0; first < count; first += HASHES_AT_ONCE) {
      const hashes = Buffer.alloc(Math.min(HASHES_AT_ONCE, count - first) * HASH_BYTES);
      await this.#hashes.read(hashes, 0, hashes.length, HEAD_BYTES + first * HASH_BYTES);
      for (let at = 0; at < hashes.length; at += HASH_BYTES) {
        const hash = hashes.subarray(at, at + HASH_BYTES);
        if (hash.equals(EMPTY_HASH)) continue;
        const chunk = first + at / HASH_BYTES;
        const bytes = await this.#readChunk(chunk);
        if (bytes && this.#hashOf(bytes).equals(hash)) this.chunks.add(chunk);
      }
    }
  }

  #hashOf(bytes: Buffer): Buffer {
    return this.#options.hashOf?.(bytes) ?? createHash('sha256').update(bytes).digest();
  }

  #identity(): string {
    const { geometry, identity } = this.#options;
    return `1 ${geometry.size} ${geometry.chunkSize} ${identity}`;
  }
}

function namesOf(path: string): [data: string, hashes: string] {
  return [`${path}.part`, `${path}.part.hashes`];
}

async function openEither(path: string): Promise<FileHandle> {
  return open(path, 'r+').catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return open(path, 'wx+');
    throw error;
  });
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

/** The error for people of a failed write. */
export function unwritable(path: string, error: unknown): DistreamError {
  if (error instanceof DistreamError) return error;
  return new DistreamError('FILE_UNWRITABLE', { path, reason: reasonOf(error) }, { cause: error });
}
