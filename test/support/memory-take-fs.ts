import type { TakeFile, TakeFileSystem } from '../../src/tracks/record/file-system.ts';

/** A call that a take makes to the disk. */
export interface DiskCall {
  readonly name: keyof TakeFileSystem | keyof TakeFile;
  readonly path: string;
}

/** A disk in memory for takes. */
export class MemoryTakeFs implements TakeFileSystem {
  readonly folders = new Set<string>();
  readonly files = new Map<string, Buffer>();
  /** Every write to a file whose path contains it fails where the file would grow. */
  full: string | undefined;
  /** Files whose path contains it were deleted. */
  deleted: string | undefined;
  /** Bytes that a write takes at most. */
  maxWrite = Number.POSITIVE_INFINITY;
  /** Told of each call before it does anything; what it throws the call rejects with. */
  onCall: (call: DiskCall) => void = () => {};

  async makeFolder(path: string): Promise<void> {
    this.onCall({ name: 'makeFolder', path });
    this.folders.add(path);
  }

  async makeNewFolder(path: string): Promise<void> {
    this.onCall({ name: 'makeNewFolder', path });
    if (this.folders.has(path)) throw Object.assign(new Error('there is one'), { code: 'EEXIST' });
    this.folders.add(path);
  }

  async create(path: string): Promise<TakeFile> {
    this.onCall({ name: 'create', path });
    if (this.files.has(path)) throw Object.assign(new Error('there is one'), { code: 'EEXIST' });
    this.files.set(path, Buffer.alloc(0));
    return {
      write: async (bytes, position) => {
        this.onCall({ name: 'write', path });
        return this.#write(path, bytes.subarray(0, this.maxWrite), position);
      },
      sync: async () => this.onCall({ name: 'sync', path }),
      truncate: async (length) => {
        this.onCall({ name: 'truncate', path });
        this.files.set(path, this.files.get(path)!.subarray(0, length));
      },
      isLinked: async () => {
        this.onCall({ name: 'isLinked', path });
        return this.deleted === undefined || !path.includes(this.deleted);
      },
      close: async () => this.onCall({ name: 'close', path }),
    };
  }

  async replace(path: string, bytes: Buffer): Promise<void> {
    this.onCall({ name: 'replace', path });
    this.files.set(path, Buffer.from(bytes));
  }

  async reserve(path: string): Promise<void> {
    this.onCall({ name: 'reserve', path });
  }

  #write(path: string, bytes: Buffer, position: number): number {
    const isFull = this.full !== undefined && path.includes(this.full);
    const old = this.files.get(path)!;
    // A full disk still takes what is written over.
    if (isFull && position + bytes.length > old.length) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const grown = Buffer.alloc(Math.max(old.length, position + bytes.length));
    old.copy(grown);
    bytes.copy(grown, position);
    this.files.set(path, grown);
    return bytes.length;
  }
}
