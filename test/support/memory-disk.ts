import { dirname } from 'node:path';
import type { RecorderFile, RecorderFileSystem } from '../../src/outputs/recorder/file-system.ts';

/** A call that the recorder made. */
export interface DiskCall {
  /** Counts all calls, from 1. */
  readonly number: number;
  readonly name: string;
  readonly path: string;
}

/** What becomes of a call: undefined lets it do its work, an error rejects it, a number is the most bytes that are written. */
export type Fate = undefined | Error | number;

/** An error as Node's file system rejects with. */
export function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: write`), { code });
}

class MemoryFile implements RecorderFile {
  readonly path: string;
  bytes = Buffer.alloc(0);
  /** What a power failure leaves. */
  durable = Buffer.alloc(0);
  linked = true;
  isClosed = false;
  readonly #disk: MemoryDisk;

  constructor(path: string, disk: MemoryDisk) {
    this.path = path;
    this.#disk = disk;
  }

  async write(bytes: Buffer, position: number): Promise<number> {
    const most = (await this.#disk.call('write', this.path)) ?? bytes.length;
    if (position > this.bytes.length) throw new Error('a hole');
    const part = bytes.subarray(0, most);
    this.bytes = Buffer.concat([this.bytes.subarray(0, position), part, this.bytes.subarray(position + part.length)]);
    return part.length;
  }

  async sync(): Promise<void> {
    await this.#disk.call('sync', this.path);
    this.durable = this.bytes;
  }

  async truncate(length: number): Promise<void> {
    await this.#disk.call('truncate', this.path);
    this.bytes = this.bytes.subarray(0, length);
    this.durable = this.durable.subarray(0, length);
  }

  async isLinked(): Promise<boolean> {
    await this.#disk.call('isLinked', this.path);
    return this.linked;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.#disk.call('close', this.path);
  }
}

/** A disk in memory whose every call a test may let fail, stall, or write short. */
export class MemoryDisk implements RecorderFileSystem {
  /** By path, in the order of their making. */
  readonly files = new Map<string, MemoryFile>();
  readonly folders = new Set<string>();
  /** The files that are written as a whole: ledgers, by path. */
  readonly ledgers = new Map<string, Buffer>();
  free = 1e12;
  calls = 0;
  /** Decides on each call; it may answer later. */
  fate: (call: DiskCall) => Fate | Promise<Fate> = () => undefined;

  async call(name: string, path: string): Promise<number | undefined> {
    const fate = await this.fate({ number: ++this.calls, name, path });
    if (fate instanceof Error) throw fate;
    return fate;
  }

  async makeFolder(path: string): Promise<void> {
    await this.call('makeFolder', path);
    this.folders.add(path);
  }

  async create(path: string): Promise<RecorderFile> {
    await this.call('create', path);
    if (!this.folders.has(dirname(path))) throw diskError('ENOENT');
    if (this.files.has(path)) throw diskError('EEXIST');
    const file = new MemoryFile(path, this);
    this.files.set(path, file);
    return file;
  }

  async remove(path: string): Promise<void> {
    await this.call('remove', path);
    this.files.delete(path);
  }

  async replace(path: string, bytes: Buffer): Promise<void> {
    await this.call('replace', path);
    this.ledgers.set(path, bytes);
  }

  async syncFolder(path: string): Promise<void> {
    await this.call('syncFolder', path);
  }

  async freeBytes(folder: string): Promise<number> {
    await this.call('freeBytes', folder);
    return this.free;
  }

  /** The bytes of all recordings, in the order of their making. */
  get audio(): Buffer {
    const files = [...this.files.values()].filter(({ path }) => !path.endsWith('.txt'));
    return Buffer.concat(files.map(({ bytes }) => bytes));
  }

  /** The recordings' bytes by path. */
  get contents(): Record<string, Buffer> {
    return Object.fromEntries([...this.files].map(([path, { bytes }]) => [path, bytes]));
  }
}
