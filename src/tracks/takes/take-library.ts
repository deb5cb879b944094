import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { reasonOf } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { type Take, takeSchema } from '../proof/take-schema.ts';
import type { TakeSummary, TakeView } from './schema.ts';
import { summaryOf, viewOf } from './take-view.ts';

/** The newest ones are listed, out of so many that may be takes. */
const MAX_TAKES = 100;
const MAX_ENTRIES = 10_000;
/** Longer accounts are not read here. */
const MAX_ACCOUNT_BYTES = 64 << 20;
const MAX_NAME = 255;
const ACCOUNT = 'take.json';

/** A file of a take; who asked for it closes the handle. */
export interface TakeFileHandle {
  readonly handle: FileHandle;
  readonly bytes: number;
  readonly modifiedMs: number;
}

interface Known {
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly summary: TakeSummary;
}

/**
 * The takes of a folder, for reading. Names come from strangers: only folders right in it, only files right in those
 * that `take.json` names, no links. What cannot be read is told in words; nothing here rejects.
 */
export class TakeLibrary {
  readonly #folder: string;
  readonly #known = new Map<string, Known>();
  #listing: Promise<TakeSummary[]> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The newest takes by their names, at most 100; none when there is no such folder. Accounts that did not change are not read again. */
  list(): Promise<TakeSummary[]> {
    this.#listing ??= this.#list().finally(() => {
      this.#listing = undefined;
    });
    return this.#listing;
  }

  /** A take with its tracks; undefined when there is none of that name that can be read. */
  async view(name: string): Promise<TakeView | undefined> {
    const take = await this.account(name);
    if (!take) return undefined;
    const sizes = new Map<string, number>();
    for (const { file } of take.tracks) {
      const opened = file === undefined ? undefined : await this.#open(name, file);
      if (!opened) continue;
      sizes.set(file!, opened.bytes);
      await opened.handle.close();
    }
    return viewOf(name, take, (file) => sizes.get(file));
  }

  /** The account of a take. */
  async account(name: string): Promise<Take | undefined> {
    const read = await this.#read(name);
    return read && 'take' in read ? read.take : undefined;
  }

  /** A file of a take, `take.json` or what that names. Undefined when there is none, or it is not to be had. */
  async file(name: string, file: string): Promise<TakeFileHandle | undefined> {
    if (file !== ACCOUNT) {
      const take = await this.account(name);
      if (!take?.tracks.some((track) => track.file === file)) return undefined;
    }
    return this.#open(name, file);
  }

  async #list(): Promise<TakeSummary[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const newest = names.filter(isPlain).sort().reverse().slice(0, MAX_ENTRIES);
    const found: TakeSummary[] = [];
    for (const name of newest) {
      if (found.length === MAX_TAKES) break;
      const summary = await this.#summary(name);
      if (summary) found.push(summary);
    }
    const listed = new Set(found.map(({ name }) => name));
    for (const name of this.#known.keys()) if (!listed.has(name)) this.#known.delete(name);
    return found;
  }

  async #summary(name: string): Promise<TakeSummary | undefined> {
    const known = this.#known.get(name);
    const read = await this.#read(name, known);
    if (!read) return undefined;
    if ('same' in read) return read.same.summary;
    const { bytes, modifiedMs } = read;
    const summary =
      'take' in read
        ? summaryOf(name, read.take)
        : { name, seconds: 0, tracks: 0, isIdentical: false, words: cleanText(`take.json: ${read.problem}`, 300) };
    this.#known.set(name, { bytes, modifiedMs, summary });
    return summary;
  }

  /** Undefined when there is no account of that name. */
  async #read(name: string, known?: Known) {
    const opened = await this.#open(name, ACCOUNT);
    if (!opened) return undefined;
    const { handle, bytes, modifiedMs } = opened;
    try {
      if (known && known.bytes === bytes && known.modifiedMs === modifiedMs) return { same: known };
      if (bytes > MAX_ACCOUNT_BYTES) return { bytes, modifiedMs, problem: 'it is too long' };
      const text = Buffer.alloc(bytes);
      const { bytesRead } = await handle.read(text, 0, bytes, 0);
      const parsed = takeSchema.safeParse(JSON.parse(text.toString('utf8', 0, bytesRead)));
      if (parsed.success) return { bytes, modifiedMs, take: parsed.data };
      return { bytes, modifiedMs, problem: 'this is no account of a take' };
    } catch (error) {
      return { bytes, modifiedMs, problem: reasonOf(error) };
    } finally {
      await handle.close();
    }
  }

  /** Opens a plain file that lies right in a plain folder of the library. */
  async #open(name: string, file: string): Promise<TakeFileHandle | undefined> {
    if (!isPlain(name) || !isPlain(file)) return undefined;
    let handle: FileHandle | undefined;
    try {
      const root = await realpath(this.#folder);
      const folder = join(root, name);
      const path = join(folder, file);
      if (!(await lstat(folder)).isDirectory() || !(await lstat(path)).isFile()) return undefined;
      // Not even where the file became a link or a pipe a moment ago.
      handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
      const { size, mtimeMs, ...stats } = await handle.stat();
      const isHere = (await realpath(path)) === path && (stats.mode & constants.S_IFMT) === constants.S_IFREG;
      if (isHere) return { handle, bytes: size, modifiedMs: mtimeMs };
    } catch {
      // It is not there, or not for us.
    }
    await handle?.close();
    return undefined;
  }
}

/** A name without a way out of its folder, and not hidden. */
function isPlain(name: string): boolean {
  return name.length <= MAX_NAME && /^[^./\\\0][^/\\\0]*$/.test(name) && name === basename(name);
}
