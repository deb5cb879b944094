import { basename, extname, resolve } from 'node:path';
import type { AudioItem } from '../../core/audio-item.ts';
import { DistreamError } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { PcmBlocks } from '../../media/pcm/pcm-blocks.ts';
import { isSamePcm } from '../../media/pcm/stream-format.ts';
import { convertSamples } from '../../media/wav/convert.ts';
import { frameBytesOf, type PcmFormat } from '../../media/wav/pcm-format.ts';
import type { InputContext, InputReport } from '../../modules/input.ts';
import type { SessionWriter } from '../../modules/session.ts';
import { findTracks } from '../../tracks/send/find-tracks.ts';
import { openWavFile, type WavFile } from '../../tracks/wav-file.ts';
import { Pacer } from '../pacer.ts';

/** Options of the `wav` input, as its schema gives them. */
export interface WavOptions {
  readonly path: string | string[];
  readonly loop: boolean;
  readonly float: boolean;
  readonly lead: number;
}

/** After a stall of this length the schedule moves instead of playing faster. */
const MAX_BEHIND_MS = 2000;
/** So many blocks are read and handed on at once. */
const BLOCKS_AT_ONCE = 5;
/** What float is rounded to. */
const ROUNDED_BYTES = 3;
const MAX_TITLE = 200;
const MAX_REMEMBERED = 10_000;

/** Plays files one after the other as one session. Where formats are equal, not a sample is between two files. */
export class WavPlayer {
  readonly #context: InputContext<WavOptions>;
  readonly #paths: readonly string[];
  /** Files that were told of in the log. */
  readonly #warned = new Set<string>();
  readonly #counters = { files_played: 0, files_skipped: 0, rounds: 0 };
  #session: SessionWriter | undefined;
  #pacer: Pacer | undefined;
  #blocks: PcmBlocks | undefined;
  #current: string | undefined;

  constructor(context: InputContext<WavOptions>) {
    this.#context = context;
    const { path } = context.options;
    this.#paths = (typeof path === 'string' ? [path] : path).map((one) => resolve(context.baseDir, one));
  }

  /**
   * Plays until the signal aborts or, without `loop`, to the end.
   * @throws DistreamError TRACK_UNREADABLE, TRACK_NOT_PCM when no file can be played
   */
  async play(): Promise<void> {
    const { options, signal } = this.#context;
    do {
      await this.#playRound(await findTracks(this.#paths));
      this.#counters.rounds++;
    } while (options.loop && !signal.aborted);
    if (signal.aborted) return;
    this.#deliver(this.#blocks?.flush() ?? []);
    await this.#pacer?.drain();
  }

  /** Ends the session, if there is one. */
  end(): void {
    this.#session?.end();
  }

  report(): InputReport {
    return { counters: { ...this.#counters }, detail: this.#current === undefined ? {} : { file: this.#current } };
  }

  /** Rejects with the first failure when none of the files can be played. */
  async #playRound(files: readonly string[]): Promise<void> {
    let failure: DistreamError | undefined;
    let played = 0;
    for (const path of files) {
      if (this.#context.signal.aborted) return;
      const problem = await this.#tryFile(path);
      if (!problem) played++;
      else if (files.length > 1) this.#skip(path, problem);
      failure ??= problem;
    }
    if (failure && played === 0) throw failure;
  }

  async #tryFile(path: string): Promise<DistreamError | undefined> {
    let file: WavFile | undefined;
    try {
      file = await openWavFile(path);
      await this.#playFile(file);
      this.#counters.files_played++;
      return undefined;
    } catch (error) {
      if (error instanceof DistreamError) return error;
      throw error;
    } finally {
      await file?.close();
    }
  }

  async #playFile(file: WavFile): Promise<void> {
    const { format, frames } = file.head;
    if (frames === 0) throw new DistreamError('TRACK_NOT_PCM', { path: file.path, reason: 'it holds no audio' });
    const blocks = this.#enterFormat(this.#playedFormat(file));
    this.#begin(file, blocks);
    const sourceFrameBytes = frameBytesOf(format);
    const portionFrames = (blocks.blockBytes / frameBytesOf(blocks.pcm)) * BLOCKS_AT_ONCE;
    const portion = Buffer.alloc(portionFrames * sourceFrameBytes);
    for (let offset = 0; ; ) {
      if (!(await this.#pacer!.ready())) return;
      const bytes = await file.read(portion, offset);
      if (bytes === 0) return;
      offset += bytes;
      this.#deliver(blocks.push(asPlayed(portion.subarray(0, bytes), format)));
    }
  }

  #playedFormat({ path, head: { format } }: WavFile): PcmFormat {
    if (!format.isFloat) return format;
    if (this.#context.options.float) return { ...format, bitsPerSample: 24, isFloat: false };
    const reason = 'its samples are float, and rounding them changes them; `float: true` allows it';
    throw new DistreamError('TRACK_NOT_PCM', { path, reason });
  }

  #enterFormat(pcm: PcmFormat): PcmBlocks {
    if (this.#blocks && isSamePcm(this.#blocks.pcm, pcm)) return this.#blocks;
    this.#deliver(this.#blocks?.flush() ?? []);
    this.#blocks = new PcmBlocks(pcm);
    return this.#blocks;
  }

  /** Opens the session at the first file. */
  #begin({ path }: WavFile, blocks: PcmBlocks): void {
    const { clock, signal, options, openSession } = this.#context;
    this.#current = path;
    this.#session ??= openSession({
      contentType: undefined,
      continuity: 'new',
      peer: this.#paths.join(', '),
      isFramed: true,
    });
    const session = this.#session;
    this.#pacer ??= new Pacer({ session, clock, signal, leadMs: options.lead, maxBehindMs: MAX_BEHIND_MS });
    blocks.setMetadata({ title: cleanText(basename(path, extname(path)), MAX_TITLE) });
  }

  #deliver(items: readonly AudioItem[]): void {
    if (items.length > 0) this.#session?.deliver(items);
  }

  #skip(path: string, problem: DistreamError): void {
    this.#counters.files_skipped++;
    if (this.#warned.has(path)) return;
    if (this.#warned.size < MAX_REMEMBERED) this.#warned.add(path);
    this.#context.log.warn(`skipped a file: ${problem.message}`, { code: problem.code });
  }
}

function asPlayed(samples: Buffer, format: PcmFormat): Buffer {
  if (!format.isFloat) return samples;
  const rounded = Buffer.alloc((samples.length / 4) * ROUNDED_BYTES);
  convertSamples(samples, format, rounded, ROUNDED_BYTES);
  return rounded;
}
