import { mkdir, open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file that is being written. */
export interface RecorderFile {
  /** Writes some of `bytes` at `position` and resolves with how many. */
  write(bytes: Buffer, position: number): Promise<number>;
  /** Resolves when what was written is on the disk (fdatasync). */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  /** False when the file was deleted: what is written then is lost. */
  isLinked(): Promise<boolean>;
  close(): Promise<void>;
}

/** What the recorder does with the disk; tests put one in its place that fails. */
export interface RecorderFileSystem {
  /** Makes the folder and those above it. */
  makeFolder(path: string): Promise<void>;
  /** Makes a new file; rejects with EEXIST when there is one, a symbolic link included. */
  create(path: string): Promise<RecorderFile>;
  remove(path: string): Promise<void>;
  /** Puts a whole file in the place of the one of that name, or makes it; a crash leaves the old one or the new one. */
  replace(path: string, bytes: Buffer): Promise<void>;
  /** Resolves when the folder's entries are on the disk. */
  syncFolder(path: string): Promise<void>;
  /** Bytes that are free for this user on the folder's disk. */
  freeBytes(folder: string): Promise<number>;
}

const FOLDER_MODE = 0o750;
const FILE_MODE = 0o640;

/** The machine's own file system. */
export const nodeFileSystem: RecorderFileSystem = {
  async makeFolder(path) {
    const first = await mkdir(path, { recursive: true, mode: FOLDER_MODE });
    if (first !== undefined) await syncFolder(dirname(first));
  },
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
  remove: (path) => rm(path),
  replace,
  syncFolder,
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

async function replace(path: string, bytes: Buffer): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await rm(temporary, { force: true });
    const handle = await open(temporary, 'wx', FILE_MODE);
    try {
      await handle.writeFile(bytes);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
