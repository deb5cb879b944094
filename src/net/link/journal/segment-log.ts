import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { FolderLock } from './folder-lock.ts';
import { type JournalFs, systemJournalFs } from './journal-fs.ts';

/** The front of each file: what it is, and the version of its form. */
const MAGIC = Buffer.from('DSJ1');
const HEAD_BYTES = 8;
const MAX_ENTRY_BYTES = 16 << 20;
const FILE_NAME = /^(\d{10})\.journal$/;

/** A segment as it was found. */
export interface FoundSegment {
  /** What `begin` was given; any JSON. */
  readonly header: unknown;
  readonly entries: readonly Buffer[];
  /** False: something in it is not as it was written. A write that was cut off at the end is no fault. */
  readonly isIntact: boolean;
  /** When it was written last, UTC in milliseconds. */
  readonly modifiedMs: number;
}

/** Where a log is, and what it uses. */
export interface SegmentLogOptions {
  /** Made with mode 0700 when it is not there. */
  readonly folder: string;
  /** Default: the system's. */
  readonly fs?: JournalFs;
}

/**
 * A log in a folder of files: appended to at one end, removed file by file at the other. What was appended outlives the
 * process, not the machine. Each file is `DSJ1` and then entries, the first of them a header in JSON; an entry is its
 * length, the front of its SHA-256 (both 32 bits, big endian) and its bytes. Methods throw what the file system throws.
 */
export class SegmentLog {
  readonly #folder: string;
  readonly #fs: JournalFs;
  readonly #lock: FolderLock;
  #numbers: number[] = [];
  #file: number | undefined;

  private constructor(folder: string, fs: JournalFs, lock: FolderLock) {
    this.#folder = folder;
    this.#fs = fs;
    this.#lock = lock;
  }

  /** Opens the folder for this process alone. Throws FolderInUse while another has it. */
  static open({ folder, fs = systemJournalFs }: SegmentLogOptions): SegmentLog {
    fs.makeFolder(folder);
    const log = new SegmentLog(folder, fs, FolderLock.take(folder, fs));
    try {
      log.#numbers = log.#list();
    } catch (error) {
      log.close();
      throw error;
    }
    return log;
  }

  /** How many files there are. */
  get segments(): number {
    return this.#numbers.length;
  }

  /** All that is there, oldest first. */
  read(): FoundSegment[] {
    return this.#numbers.map((number) => this.#readSegment(this.#pathOf(number)));
  }

  /** Goes on in a new file. */
  begin(header: object): void {
    this.#closeFile();
    const number = (this.#numbers.at(-1) ?? 0) + 1;
    this.#file = this.#fs.create(this.#pathOf(number));
    this.#numbers.push(number);
    this.#write(Buffer.concat([MAGIC, ...framed(Buffer.from(JSON.stringify(header)))]));
  }

  /** Adds entries to the newest file, in one write. `begin` must have been called since `open` and `clear`. */
  append(entries: readonly Buffer[]): void {
    this.#write(Buffer.concat(entries.flatMap(framed)));
  }

  removeOldest(): void {
    const [oldest] = this.#numbers;
    if (oldest === undefined || this.#numbers.length === 1) return;
    this.#fs.remove(this.#pathOf(oldest));
    this.#numbers.shift();
  }

  /** Removes everything. */
  clear(): void {
    this.#closeFile();
    while (this.#numbers.length > 0) {
      this.#fs.remove(this.#pathOf(this.#numbers.at(-1)!));
      this.#numbers.pop();
    }
  }

  /** Gives the folder back; what is there stays. Never throws. */
  close(): void {
    try {
      this.#closeFile();
    } catch {
      // A file that cannot be closed is read again at the next start as far as it goes.
    }
    this.#lock.release();
  }

  #write(bytes: Buffer): void {
    if (this.#file === undefined) throw new RangeError('no segment has begun');
    for (let written = 0; written < bytes.length; ) written += this.#fs.write(this.#file, bytes.subarray(written));
  }

  #closeFile(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) this.#fs.close(file);
  }

  #list(): number[] {
    const names = this.#fs.list(this.#folder).flatMap((name) => FILE_NAME.exec(name)?.[1] ?? []);
    return names.map(Number).sort((a, b) => a - b);
  }

  #pathOf(number: number): string {
    return join(this.#folder, `${String(number).padStart(10, '0')}.journal`);
  }

  #readSegment(path: string): FoundSegment {
    const modifiedMs = this.#fs.modifiedMs(path);
    const { entries, isIntact } = entriesOf(this.#fs.read(path));
    const [header, ...rest] = entries;
    return { header: header && parseJson(header), entries: rest, isIntact, modifiedMs };
  }
}

function framed(entry: Buffer): Buffer[] {
  if (entry.length > MAX_ENTRY_BYTES) throw new RangeError(`an entry of ${entry.length} bytes`);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(entry.length, 0);
  head.writeUInt32BE(checksumOf(entry), 4);
  return [head, entry];
}

function entriesOf(bytes: Buffer): { entries: Buffer[]; isIntact: boolean } {
  const entries: Buffer[] = [];
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC.subarray(0, bytes.length))) return { entries, isIntact: false };
  let at = MAGIC.length;
  while (at + HEAD_BYTES <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    if (length > MAX_ENTRY_BYTES) return { entries, isIntact: false };
    const end = at + HEAD_BYTES + length;
    if (end > bytes.length) break;
    const entry = bytes.subarray(at + HEAD_BYTES, end);
    if (checksumOf(entry) !== bytes.readUInt32BE(at + 4)) return { entries, isIntact: false };
    entries.push(entry);
    at = end;
  }
  return { entries, isIntact: true };
}

function checksumOf(entry: Buffer): number {
  return createHash('sha256').update(entry).digest().readUInt32BE(0);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
