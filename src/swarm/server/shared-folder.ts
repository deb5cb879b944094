import { constants } from 'node:fs';
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type ByteRange, rangeLength } from '../../protocols/pdtp/byte-range.ts';
import { chunkRange, MAX_CHUNKS } from '../../protocols/pdtp/chunks.ts';
import type { SharedFile } from '../coordinator/shared-file.ts';

/** Files that a seed provides; a folder with more is a mistake. */
const MAX_LISTED = 100_000;
const MAX_DEPTH = 64;

/**
 * The files below a root, found when they are asked for. Nothing outside is ever opened: a path is resolved with all its
 * links, and must still lie inside.
 */
export class SharedFolder {
  readonly #root: string;
  readonly #chunkSize: number;
  readonly #files = new Map<string, SharedFile>();

  private constructor(root: string, chunkSize: number) {
    this.#root = root;
    this.#chunkSize = chunkSize;
  }

  /** Rejects with the system's error when the root is no folder that can be read. */
  static async open(root: string, chunkSize: number): Promise<SharedFolder> {
    const real = await realpath(root);
    await readdir(real);
    return new SharedFolder(real, chunkSize);
  }

  /** The file behind the first of these paths that is one; the same object as long as it is unchanged. */
  async find(paths: readonly string[]): Promise<SharedFile | undefined> {
    for (const path of paths) {
      const file = await this.#look(path);
      if (file) return file;
    }
    return undefined;
  }

  /** The files of before that are now others or gone; they are forgotten. */
  async changed(files: Iterable<SharedFile>): Promise<SharedFile[]> {
    const changed: SharedFile[] = [];
    for (const file of files) if ((await this.#look(file.path)) !== file) changed.push(file);
    return changed;
  }

  /** The bytes of a chunk; undefined when the file is no longer this version. */
  async read(file: SharedFile, chunk: number): Promise<Buffer | undefined> {
    return this.readRange(file, chunkRange(file, chunk));
  }

  /** The bytes of a range; undefined when the file is no longer this version, or shorter. */
  async readRange(file: SharedFile, range: ByteRange): Promise<Buffer | undefined> {
    const handle = await this.#open(file.path);
    if (!handle) return undefined;
    try {
      if (versionOf(await handle.stat({ bigint: true })) !== file.version) return undefined;
      const bytes = Buffer.alloc(rangeLength(range));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, range.min);
      return bytesRead === bytes.length ? bytes : undefined;
    } finally {
      await handle.close();
    }
  }

  /** The paths of all files, at most 100,000; hidden ones too, as the original has it. Folders that are links are passed over. */
  async list(): Promise<string[]> {
    const found: string[] = [];
    const walk = async (path: string, depth: number): Promise<void> => {
      const entries = await readdir(join(this.#root, path), { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        if (found.length >= MAX_LISTED) return;
        const below = `${path}/${entry.name}`;
        if (entry.isDirectory() && depth < MAX_DEPTH) await walk(below, depth + 1);
        else if (entry.isFile()) found.push(below);
      }
    };
    await walk('', 0);
    return found;
  }

  async #look(path: string): Promise<SharedFile | undefined> {
    const real = await this.#inside(path);
    const found = real === undefined ? undefined : await stat(real, { bigint: true }).catch(() => undefined);
    const size = Number(found?.size ?? 0);
    if (!found?.isFile() || size === 0 || size > MAX_CHUNKS * this.#chunkSize) {
      this.#files.delete(path);
      return undefined;
    }
    const version = versionOf(found);
    const known = this.#files.get(path);
    if (known?.version === version) return known;
    const file: SharedFile = {
      path,
      version,
      size,
      chunkSize: this.#chunkSize,
      isStreaming: false,
      firstChunk: 0,
    };
    this.#files.set(path, file);
    if (this.#files.size > MAX_LISTED) this.#files.delete(this.#files.keys().next().value!);
    return file;
  }

  async #open(path: string): Promise<FileHandle | undefined> {
    const real = await this.#inside(path);
    if (real === undefined) return undefined;
    // A link that took the file's place since then is not followed; a pipe does not block.
    return open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => undefined);
  }

  async #inside(path: string): Promise<string | undefined> {
    if (path.includes('\0')) return undefined;
    const real = await realpath(join(this.#root, path)).catch(() => undefined);
    const border = this.#root.endsWith(sep) ? this.#root : this.#root + sep;
    return real?.startsWith(border) ? real : undefined;
  }
}

function versionOf({ size, mtimeNs, ino }: { size: bigint; mtimeNs: bigint; ino: bigint }): string {
  return `${size.toString(36)}.${mtimeNs.toString(36)}.${ino.toString(36)}`;
}
