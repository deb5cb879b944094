import { mkdir, open, rename, rm } from 'node:fs/promises';

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
    const temporary = `${path}.tmp`;
    await rm(temporary, { force: true });
    const handle = await open(temporary, 'wx', FILE_MODE);
    try {
      await handle.writeFile(bytes);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  },
};
