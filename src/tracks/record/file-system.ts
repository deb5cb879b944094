import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { writeAll } from '../write-all.ts';

/** A file that is being written. */
export interface TakeFile {
  /** Writes some of `bytes` at `position` and resolves with how many. */
  write(bytes: Buffer, position: number): Promise<number>;
  /** Resolves when what was written is on the disk (fdatasync). */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  /** False when the file was deleted: what is written then is lost. */
  isLinked(): Promise<boolean>;
  close(): Promise<void>;
}

/** What a take does with the disk; tests put one in its place that fails. */
export interface TakeFileSystem {
  /** Makes the folder and those above it. */
  makeFolder(path: string): Promise<void>;
  /** Makes a folder; rejects with EEXIST when there is one. */
  makeNewFolder(path: string): Promise<void>;
  /** Makes a new file; rejects with EEXIST when there is one. */
  create(path: string): Promise<TakeFile>;
  /** Puts a whole file in the place of the one of that name, or makes it; a crash leaves the old one or the new one. */
  replace(path: string, bytes: Buffer): Promise<void>;
  /** Keeps room on the disk for the next `replace` of that path, which then succeeds on a full one. */
  reserve(path: string, bytes: number): Promise<void>;
}

const FOLDER_MODE = 0o750;
const FILE_MODE = 0o640;

/** The machine's own file system. */
export const nodeTakeFileSystem: TakeFileSystem = {
  makeFolder: async (path) => void (await mkdir(path, { recursive: true, mode: FOLDER_MODE })),
  makeNewFolder: (path) => mkdir(path, { mode: FOLDER_MODE }),
  async create(path) {
    const handle = await open(path, 'wx', FILE_MODE);
    return {
      write: async (bytes, position) => (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
      sync: () => handle.datasync(),
      truncate: (length) => handle.truncate(length),
      isLinked: async () => (await handle.stat()).nlink > 0,
      close: () => handle.close(),
    };
  },
  async replace(path, bytes) {
    const temporary = temporaryOf(path);
    try {
      await withFile(temporary, async (handle) => {
        await writeAll(handle, bytes, 0);
        await handle.truncate(bytes.length);
        await handle.datasync();
      });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  },
  reserve: (path, bytes) =>
    withFile(temporaryOf(path), async (handle) => void (await writeAll(handle, Buffer.alloc(bytes), 0))),
};

function temporaryOf(path: string): string {
  return `${path}.tmp`;
}

// What is there is written over, and is not followed to another place.
async function withFile(path: string, work: (handle: FileHandle) => Promise<void>): Promise<void> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  const handle = await open(path, flags, FILE_MODE);
  try {
    await work(handle);
  } finally {
    await handle.close();
  }
}
