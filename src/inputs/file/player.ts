import { resolve } from 'node:path';
import { DistreamError } from '../../core/errors.ts';
import { metadataOfTags } from '../../media/tags/tags.ts';
import type { InputContext, InputReport } from '../../modules/input.ts';
import type { SessionWriter } from '../../modules/session.ts';
import { Pacer } from '../pacer.ts';
import { AudioFile } from './audio-file.ts';
import { titleOfFileName } from './file-title.ts';
import { type Listing, listAudio } from './listing.ts';

/** Options of the `file` input, as its schema gives them. */
export interface FileOptions {
  readonly path: string;
  readonly loop: boolean;
  readonly shuffle: boolean;
  readonly lead: number;
  readonly folders: string[];
}

/** After a stall of this length the schedule moves instead of playing faster. */
const MAX_BEHIND_MS = 2000;
/** A file that gives so many bytes without any audio is left (a picture in an Ogg header may be long). */
const MAX_SILENT_BYTES = 2 * 2 ** 20;
/** Rounds without any audio before the input fails, so that hollow files do not keep it busy. */
const MAX_HOLLOW_ROUNDS = 3;
const MAX_REMEMBERED = 10_000;

const MEMORY_LAST = 'file.last';
const MEMORY_WARNED = 'file.warned';

/** Plays the files of one path, one after the other, as one session. */
export class FilePlayer {
  readonly #context: InputContext<FileOptions>;
  readonly #random: () => number;
  readonly #path: string;
  readonly #folders: string[];
  #session: SessionWriter | undefined;
  #pacer: Pacer | undefined;
  #current: string | undefined;
  #openedMs = 0;
  readonly #counters = { files_played: 0, files_skipped: 0, rounds: 0 };

  /** @param random 0 to below 1, for `shuffle` */
  constructor(context: InputContext<FileOptions>, random: () => number) {
    this.#context = context;
    this.#random = random;
    this.#path = resolve(context.baseDir, context.options.path);
    this.#folders = context.options.folders.map((folder) => resolve(context.baseDir, folder));
  }

  /** Plays until the signal aborts or, without `loop`, to the end. Rejects with a DistreamError when nothing can be played. */
  async play(): Promise<void> {
    const { options, signal } = this.#context;
    let hollowRounds = 0;
    do {
      const beforeMs = this.#audioMs();
      await this.#playRound(await listAudio(this.#path, this.#folders));
      if (signal.aborted) return;
      this.#counters.rounds++;
      hollowRounds = this.#audioMs() > beforeMs ? 0 : hollowRounds + 1;
      if (hollowRounds >= MAX_HOLLOW_ROUNDS) throw this.#nothing('its files hold no audio');
    } while (options.loop);
    await this.#pacer?.drain();
  }

  /** Ends the session, if there is one. */
  end(): void {
    this.#session?.end();
  }

  report(): InputReport {
    return { counters: { ...this.#counters }, detail: this.#current === undefined ? {} : { file: this.#current } };
  }

  async #playRound(listing: Listing): Promise<void> {
    for (const { entry, reason } of listing.leftOut) {
      this.#warnOnce(entry, `left out an entry of the playlist ${this.#path}: ${reason}`, {
        entry: entry.slice(0, 200),
      });
    }
    let failure: DistreamError | undefined;
    let played = 0;
    for (const path of this.#order(listing.files)) {
      if (this.#context.signal.aborted) return;
      const problem = await this.#tryFile(path);
      if (!problem) played++;
      else if (listing.kind === 'file') throw problem;
      else this.#skip(path, problem);
      failure ??= problem;
    }
    if (played === 0 && !this.#context.signal.aborted) throw this.#nothing(this.#whyNothing(listing, failure));
  }

  #whyNothing(listing: Listing, failure: DistreamError | undefined): string {
    if (failure) return `none of its ${listing.files.length} files can be played; the first: ${failure.message}`;
    return `the ${listing.kind} has no MP3, AAC or Ogg file`;
  }

  #nothing(reason: string): DistreamError {
    return new DistreamError('FILE_NOT_AUDIO', { path: this.#path, reason });
  }

  /** Plays one file to its end; the error is for people and returned, since the others go on. */
  async #tryFile(path: string): Promise<DistreamError | undefined> {
    let file: AudioFile | undefined;
    try {
      file = await AudioFile.open(path);
      if (!this.#context.signal.aborted) await this.#playFile(file);
      return undefined;
    } catch (error) {
      if (error instanceof DistreamError) return error;
      throw error;
    } finally {
      await file?.close();
    }
  }

  async #playFile(file: AudioFile): Promise<void> {
    const pacer = this.#begin(file);
    this.#current = file.path;
    this.#context.memory.set(MEMORY_LAST, file.path);
    let silentBytes = 0;
    for await (const block of file.blocks()) {
      const beforeMs = this.#audioMs();
      if (!(await pacer.write(block))) return;
      silentBytes = this.#audioMs() > beforeMs ? 0 : silentBytes + block.length;
      if (silentBytes >= MAX_SILENT_BYTES) {
        throw new DistreamError('FILE_NOT_AUDIO', { path: file.path, reason: 'it stops being audio in its middle' });
      }
    }
    this.#counters.files_played++;
  }

  /** Opens the session at the first file, else tells the stream that another file begins. */
  #begin(file: AudioFile): Pacer {
    const { clock, signal, options, openSession } = this.#context;
    if (this.#session) this.#session.nextFile(file.contentType);
    else {
      this.#session = openSession({ contentType: file.contentType, continuity: 'new', peer: this.#path });
      this.#openedMs = clock.nowMs();
    }
    this.#pacer ??= new Pacer({
      session: this.#session,
      clock,
      signal,
      leadMs: options.lead,
      maxBehindMs: MAX_BEHIND_MS,
    });
    this.#session.setMetadata(metadataOfTags(file.tags) ?? { title: titleOfFileName(file.path) });
    return this.#pacer;
  }

  /** Audio that the stream found so far, in whole milliseconds. */
  #audioMs(): number {
    if (!this.#session) return 0;
    return Math.round(this.#session.aheadMs() + this.#context.clock.nowMs() - this.#openedMs);
  }

  /** The order of this round. Without `shuffle` a loop goes on behind the file that was played last, also after a restart. */
  #order(files: readonly string[]): readonly string[] {
    const { options, memory } = this.#context;
    const last = memory.get(MEMORY_LAST);
    if (options.shuffle) return shuffled(files, this.#random, last);
    const next = options.loop && typeof last === 'string' ? files.lastIndexOf(last) + 1 : 0;
    return [...files.slice(next), ...files.slice(0, next)];
  }

  #skip(path: string, problem: DistreamError): void {
    this.#counters.files_skipped++;
    this.#warnOnce(path, `skipped a file: ${problem.message}`, { code: problem.code });
  }

  #warnOnce(key: string, message: string, fields: Record<string, string>): void {
    const { memory, log } = this.#context;
    const warned = (memory.get(MEMORY_WARNED) as Set<string> | undefined) ?? new Set<string>();
    memory.set(MEMORY_WARNED, warned);
    if (warned.has(key)) return;
    if (warned.size < MAX_REMEMBERED) warned.add(key);
    log.warn(message, fields);
  }
}

/** Fisher and Yates; a piece that was just heard does not come first. */
function shuffled(files: readonly string[], random: () => number, last: unknown): string[] {
  const order = [...files];
  for (let index = order.length - 1; index > 0; index--) swap(order, index, Math.floor(random() * (index + 1)));
  if (order.length > 1 && order[0] === last) swap(order, 0, order.length - 1);
  return order;
}

function swap(list: string[], a: number, b: number): void {
  [list[a], list[b]] = [list[b]!, list[a]!];
}
