import { type JournalFs, systemJournalFs } from '../../src/net/link/journal/journal-fs.ts';

/** The system's files, on a disk that a test may fill up or break. */
export class FailingJournalFs implements JournalFs {
  /** Thrown by all that writes, when set. */
  fault: Error | undefined;
  /** Also what removes fails. */
  isReadOnly = false;
  /** Most bytes of one write. */
  maxWrite = Number.POSITIVE_INFINITY;

  #change(): void {
    if (this.fault) throw this.fault;
  }

  makeFolder(path: string): void {
    this.#change();
    systemJournalFs.makeFolder(path);
  }

  list(folder: string): string[] {
    return systemJournalFs.list(folder);
  }

  create(path: string): number {
    this.#change();
    return systemJournalFs.create(path);
  }

  write(file: number, bytes: Buffer): number {
    this.#change();
    return systemJournalFs.write(file, bytes.subarray(0, this.maxWrite));
  }

  close(file: number): void {
    systemJournalFs.close(file);
  }

  read(path: string): Buffer {
    return systemJournalFs.read(path);
  }

  claim(path: string, text: string): boolean {
    this.#change();
    return systemJournalFs.claim(path, text);
  }

  remove(path: string): void {
    if (this.isReadOnly) this.#change();
    systemJournalFs.remove(path);
  }

  modifiedMs(path: string): number {
    return systemJournalFs.modifiedMs(path);
  }
}
