import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import { VERSION } from '../../core/version.ts';
import { timeReferenceOf } from '../../media/wav/bext-chunk.ts';
import { WavHeadWriter } from '../../media/wav/write-head.ts';
import { framesText, timeText } from '../proof/position-text.ts';
import { proveTake } from '../proof/prove-take.ts';
import type { Take as TakeAccount, TakeClock } from '../proof/take-schema.ts';
import { takeAccount } from './account.ts';
import type { TakeFileSystem } from './file-system.ts';
import { FlowLine } from './flow-line.ts';
import { type FlowSpec, frameBytesOfFlow } from './flow-spec.ts';
import { FlowTracks, type TrackShape, trackShapes } from './flow-tracks.ts';
import { TakeLine } from './take-line.ts';
import { TrackFile } from './track-file.ts';
import { addUnique, fileNameOf } from './track-names.ts';

/** Frames go to the disk in portions: fewer writes cost less, and the buffer has room for them. */
const MAX_RELEASE_MS = 250;
const CHECKPOINT_MS = 1000;
const ACCOUNT_MS = 5000;
const MAX_FOLDER_TRIES = 100;
/** Room that is kept on the disk for the account: at first, and against the account before. */
const FIRST_RESERVE_BYTES = 1 << 16;
const RESERVE_FACTOR = 2;
/** How much longer than a take of a given length its clock may need, beyond the buffer: drift, and releases in portions. */
const END_SPARE_MS = 1000;
const MAX_DRIFT = 200e-6;

/** What a take needs. */
export interface TakeOptions {
  readonly clock: Clock;
  readonly fs: TakeFileSystem;
  /** The folder of all takes. */
  readonly folder: string;
  /** The flows that it begins with; see `add`. */
  readonly flows: readonly FlowSpec[];
  readonly bufferMs: number;
  /** Whether a flow of several channels stays one file. */
  readonly keepsFlows: boolean;
  /** The take's length; undefined: until `finish`. */
  readonly maxMs?: number | undefined;
  /** Whether the beginning of a loss is filled with sound like that before it. Default: silence. */
  readonly conceals?: boolean;
  /** What is known of the clock's error. */
  readonly clockAccount: () => TakeClock;
  /** State changes, in words. */
  readonly onNote: (text: string) => void;
  /** Packets of a flow that came because they were asked for again. */
  readonly repairedOf?: (line: FlowLine) => number;
}

/** A flow in a take. */
export interface TakeFlow {
  readonly spec: FlowSpec;
  readonly line: FlowLine;
  readonly tracks: FlowTracks;
}

/**
 * One take: flows in, a folder of sample-locked Broadcast Wave files and their account out. It has no sockets: its
 * owner hands datagrams to `flows[n].line`, calls `tick` some twenty times a second and `finish` at the end. The folder
 * is made with the first frames; nothing that exists is overwritten.
 */
export class Take {
  readonly #options: TakeOptions;
  readonly #flows: TakeFlow[] = [];
  readonly #names: string[] = [];
  readonly #fileNames: string[] = [];
  readonly #line: TakeLine;
  #path: string | undefined;
  #startUtcMs = 0;
  #folder: Promise<void> = Promise.resolve();
  #releaseMs = Number.NEGATIVE_INFINITY;
  #checkpointMs = 0;
  #accountMs = 0;
  #accountBytes = 0;
  #writing: Promise<void> | undefined;

  constructor(options: TakeOptions) {
    this.#options = options;
    this.#line = new TakeLine((startMs) => this.#begin(startMs));
    for (const spec of options.flows) this.add(spec);
  }

  /** In the order in which they were added. */
  get flows(): readonly TakeFlow[] {
    return this.#flows;
  }

  /** Takes up another flow, also while the take runs: it is silent until it begins. */
  add(spec: FlowSpec): TakeFlow {
    const { keepsFlows, maxMs, conceals, bufferMs } = this.#options;
    const named = trackShapes(spec, keepsFlows).map((shape) => {
      const name = addUnique(this.#names, shape.name);
      return { ...shape, name, fileName: addUnique(this.#fileNames, fileNameOf(name)) };
    });
    const maxFrames = maxMs === undefined ? undefined : Math.round((maxMs * spec.sampleRate) / 1000);
    const open = (shape: TrackShape) => this.#openFile(shape);
    const tracks = new FlowTracks(spec, named, { open, maxFrames, conceals: conceals === true });
    const { sampleRate, payloadTypes, mediaClock } = spec;
    const lineOptions = { sampleRate, payloadTypes, frameBytes: frameBytesOfFlow(spec), bufferMs };
    const line = new FlowLine(mediaClock ? { ...lineOptions, mediaClock } : lineOptions, this.#line, tracks);
    const flow = { spec, line, tracks };
    this.#flows.push(flow);
    return flow;
  }

  /** Takes back a flow that was added and cannot be received; nothing of it has come. */
  remove(flow: TakeFlow): void {
    this.#flows.splice(this.#flows.indexOf(flow), 1);
  }

  /** The take's folder; undefined before the first frames. */
  get path(): string | undefined {
    return this.#path;
  }

  /** UTC of the take's first frame by our own clock. */
  get startUtcMs(): number {
    return this.#startUtcMs;
  }

  /** Whether it takes no more: all its tracks have the length that it may have or have failed, or its time is over. */
  get isFull(): boolean {
    return this.#isTimeOver() || this.flows.every(({ tracks }) => tracks.isFull || tracks.hasFailed);
  }

  /** True when a file could not be written to its end. */
  get hasFailed(): boolean {
    return this.#files().some(({ failure }) => failure !== undefined);
  }

  /** Releases what is due; checkpoints each second, the account each five. */
  tick(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#releaseMs < Math.min(MAX_RELEASE_MS, this.#options.bufferMs / 4)) return;
    this.#releaseMs = nowMs;
    for (const { line } of this.flows) line.tick(nowMs);
    if (this.#path === undefined) return;
    if (nowMs - this.#checkpointMs >= CHECKPOINT_MS) {
      this.#checkpointMs = nowMs;
      for (const file of this.#files()) file.checkpoint();
    }
    if (nowMs - this.#accountMs >= ACCOUNT_MS) {
      this.#accountMs = nowMs;
      this.#writing ??= this.#writeAccount(false).then(() => {
        this.#writing = undefined;
      });
    }
  }

  /** Writes all there is, closes the files and writes the account. Undefined when nothing came. */
  async finish(): Promise<TakeAccount | undefined> {
    for (const { line } of this.flows) line.finish();
    if (this.#path === undefined) return undefined;
    const description = this.#description();
    await Promise.all(
      this.#files().map((file) => file.close(`${description}${gapWords(file, this.#options.conceals)}`)),
    );
    await this.#writing;
    await this.#writeAccount(true);
    return this.account(true);
  }

  /** The account up to now. */
  account(isOver: boolean): TakeAccount {
    const { clock, clockAccount } = this.#options;
    const account = takeAccount({
      flows: this.flows,
      id: this.#path ?? '',
      startUtcMs: this.#startUtcMs,
      endUtcMs: isOver ? clock.utcMs() : undefined,
      recorder: clockAccount(),
      repairedOf: this.#options.repairedOf ?? (() => 0),
    });
    return proveTake(account, undefined);
  }

  /** Writes an account in the place of that of `finish`: with a proof, or with what was repaired. */
  async writeAccount(account: TakeAccount): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(account, null, 1)}\n`);
    await this.#options.fs.replace(this.#accountPath(), bytes);
    this.#accountBytes = bytes.length;
  }

  #accountPath(): string {
    return join(this.#path!, 'take.json');
  }

  // On a disk that others fill, the account of what was recorded still has its place.
  async #reserveAccount(bytes: number): Promise<void> {
    await this.#options.fs.reserve(this.#accountPath(), bytes).catch(() => undefined);
  }

  // A flow that is silent never has its length.
  #isTimeOver(): boolean {
    const { maxMs = Number.POSITIVE_INFINITY, bufferMs, clock } = this.#options;
    const { startMs = Number.POSITIVE_INFINITY } = this.#line;
    return clock.nowMs() >= startMs + maxMs * (1 + MAX_DRIFT) + bufferMs + END_SPARE_MS;
  }

  #files(): TrackFile[] {
    return this.flows.flatMap(({ tracks }) => tracks.files);
  }

  #begin(startMs: number): void {
    const { clock, onNote } = this.#options;
    const { offsetMs } = this.#options.clockAccount();
    const nowMs = clock.nowMs();
    this.#startUtcMs = clock.utcMs() - (nowMs - startMs) - (offsetMs ?? 0);
    this.#checkpointMs = nowMs;
    this.#accountMs = nowMs;
    const stamp = `${new Date(this.#startUtcMs).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
    this.#path = join(this.#options.folder, stamp);
    this.#folder = this.#makeFolder(stamp);
    // Each file tells of it, too.
    this.#folder.then(
      () => onNote(`recording to ${this.#path}`),
      () => undefined,
    );
  }

  async #makeFolder(stamp: string): Promise<void> {
    const { fs, folder } = this.#options;
    for (let number = 1; ; number++) {
      const path = join(folder, number === 1 ? stamp : `${stamp}-${number}`);
      try {
        await fs.makeNewFolder(path);
        this.#path = path;
        return await this.#reserveAccount(FIRST_RESERVE_BYTES);
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'EEXIST' || number === MAX_FOLDER_TRIES) throw error;
      }
    }
  }

  #openFile(shape: TrackShape): TrackFile {
    const { fs, onNote } = this.#options;
    const { sampleRate, bitsPerSample, channels } = shape.format;
    const head = new WavHeadWriter({
      format: shape.format,
      trackNames: Array.from({ length: channels }, (_, index) =>
        channels === 1 ? shape.name : `${shape.name} ${index + 1}`,
      ),
      bext: {
        description: this.#description(),
        originator: `distream ${VERSION}`,
        startUtcMs: this.#startUtcMs,
        timeReference: timeReferenceOf(this.#startUtcMs, sampleRate),
        codingHistory: [
          `A=PCM,F=${sampleRate},W=${bitsPerSample},M=${channels === 1 ? 'mono' : 'multichannel'},T=distream`,
        ],
      },
    });
    const path = () => join(this.#path!, `${shape.fileName}.wav`);
    return new TrackFile({
      fs,
      path,
      format: shape.format,
      head,
      folder: this.#folder,
      onFailure: (reason) => {
        const isLast = this.#files().every(({ failure }) => failure !== undefined);
        onNote(`${path()}: ${reason}; this track ends here, ${isLast ? 'and with it the take' : 'the others go on'}`);
      },
    });
  }

  #description(): string {
    const { offsetMs, errorBoundMs, server, source } = this.#options.clockAccount();
    const start = new Date(this.#startUtcMs).toISOString();
    if (offsetMs === null) return `Take start ${start} UTC by the recorder's clock; its error was not measured`;
    const bound = errorBoundMs === null ? '' : ` +- ${errorBoundMs.toFixed(3)} ms`;
    return `Take start ${start} UTC; recorder's clock ahead of ${source} ${server ?? ''} by ${offsetMs.toFixed(3)} ms${bound}`;
  }

  async #writeAccount(isOver: boolean): Promise<void> {
    try {
      await this.#folder;
      await this.writeAccount(this.account(isOver));
      if (!isOver) await this.#reserveAccount(RESERVE_FACTOR * this.#accountBytes);
    } catch (error) {
      if (isOver) this.#options.onNote(`cannot write take.json: ${reasonOf(error)}`);
    }
  }
}

// What the file itself says of what it misses; take.json has the list.
function gapWords({ pcm, format }: TrackFile, conceals = false): string {
  const [first] = pcm.gaps.entries();
  if (!first) return '; no gaps';
  const { count, frames } = pcm.gaps;
  return `; ${count} ${count === 1 ? 'gap' : 'gaps'} at the end of the take, ${framesText(frames, format.sampleRate)} ${conceals ? 'concealed' : 'silent'}, first at ${timeText(first[0], format.sampleRate)}`;
}
