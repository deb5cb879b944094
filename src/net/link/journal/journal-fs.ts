import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

/** What a journal asks of a file system. All calls wait for their end and throw the system's errors. */
export interface JournalFs {
  /** With all above it, for the owner alone. */
  makeFolder(path: string): void;
  /** Names in a folder. */
  list(folder: string): string[];
  /** A new file for the owner alone, open for writing. */
  create(path: string): number;
  /** Returns how many bytes were written; at least one. */
  write(file: number, bytes: Buffer): number;
  close(file: number): void;
  read(path: string): Buffer;
  /** A new file with that text; false when it is there already. */
  claim(path: string, text: string): boolean;
  /** A file that is not there is no error. */
  remove(path: string): void;
  /** UTC in milliseconds. */
  modifiedMs(path: string): number;
}

/** The system's own files. */
export const systemJournalFs: JournalFs = {
  makeFolder: (path) => void mkdirSync(path, { recursive: true, mode: 0o700 }),
  list: (folder) => readdirSync(folder),
  create: (path) => openSync(path, 'wx', 0o600),
  write: (file, bytes) => writeSync(file, bytes),
  close: (file) => closeSync(file),
  read: (path) => readFileSync(path),
  claim(path, text) {
    try {
      writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === 'EEXIST') return false;
      throw error;
    }
  },
  remove: (path) => rmSync(path, { force: true }),
  modifiedMs: (path) => statSync(path).mtimeMs,
};
