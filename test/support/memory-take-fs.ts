import type { TakeFile, TakeFileSystem } from '../../src/tracks/record/file-system.ts';

/** A disk in memory for takes. */
export class MemoryTakeFs implements TakeFileSystem {
  readonly folders = new Set<string>();
  readonly files = new Map<string, Buffer>();
  /** Thrown by every write to a file whose path contains it. */
  full: string | undefined;
  /** Files whose path contains it were deleted. */
  deleted: string | undefined;

  async makeFolder(path: string): Promise<void> {
    this.folders.add(path);
  }

  async makeNewFolder(path: string): Promise<void> {
    if (this.folders.has(path)) throw Object.assign(new Error('there is one'), { code: 'EEXIST' });
    this.folders.add(path);
  }

  async create(path: string): Promise<TakeFile> {
    if (this.files.has(path)) throw Object.assign(new Error('there is one'), { code: 'EEXIST' });
    this.files.set(path, Buffer.alloc(0));
    return {
      write: async (bytes, position) => {
        const isFull = this.full !== undefined && path.includes(this.full);
        const old = this.files.get(path)!;
        // A full disk still takes what is written over.
        if (isFull && position + bytes.length > old.length) {
          throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        }
        const grown = Buffer.alloc(Math.max(old.length, position + bytes.length));
        old.copy(grown);
        bytes.copy(grown, position);
        this.files.set(path, grown);
        return bytes.length;
      },
      sync: async () => {},
      truncate: async (length) => void this.files.set(path, this.files.get(path)!.subarray(0, length)),
      isLinked: async () => this.deleted === undefined || !path.includes(this.deleted),
      close: async () => {},
    };
  }

  async replace(path: string, bytes: Buffer): Promise<void> {
    this.files.set(path, Buffer.from(bytes));
  }
}
