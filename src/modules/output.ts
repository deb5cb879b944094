import type { z } from 'zod';
import type { AudioItem } from '../core/audio-item.ts';
import type { Clock } from '../core/clock.ts';
import type { Fragment, TrackMetadata } from '../core/fragment.ts';
import type { FragmentBuffer } from '../core/fragment-buffer.ts';
import type { Logger } from '../core/logger.ts';
import type { StationInfo } from '../core/station.ts';
import type { NetworkAccess } from './network.ts';

/** What an output sees of its stream. */
export interface StreamView {
  readonly name: string;
  /** All that is held, the reserve included. */
  readonly buffer: FragmentBuffer;
  /** The newest fragment that is due for listeners (`reserve` behind the newest); undefined before the first. */
  readonly released: Fragment | undefined;
  /** What the source says of itself; follows the active input. */
  readonly station: StationInfo;
  /** The metadata at the newest released byte. */
  readonly metadata: TrackMetadata | undefined;
  /** True while the active input delivers. */
  readonly live: boolean;
  /** UTC ms when the current source run began; undefined before the first. */
  readonly startedUtcMs: number | undefined;
  /** Calls back after fragments were released; read `released`. Returns the unsubscriber. */
  onRelease(listener: () => void): () => void;
  /** Calls back with frames as they arrive, before they make a fragment; each has its `origin`. Returns the unsubscriber. */
  onAudio(listener: (items: readonly AudioItem[]) => void): () => void;
  /** Calls back for each fragment as it arrives, before the reserve. Returns the unsubscriber. */
  onAppend(listener: (fragment: Fragment) => void): () => void;
}

/** What an output says of itself in the status. */
export interface OutputReport {
  /** One word: `ready`, `recording`, `waiting`, `failed` ... */
  readonly state: string;
  /** The mount or path it serves or writes, if any. */
  readonly target?: string;
  readonly listeners?: number;
  /** Counters by snake_case name, each a total. */
  readonly counters?: Readonly<Record<string, number>>;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** All that an output is given. */
export interface OutputContext<Options> {
  readonly options: Options;
  /** Aborts when the output is to stop; `run` then resolves within a second. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly stream: StreamView;
  /** Folder against which relative paths are resolved: that of the configuration file. */
  readonly baseDir: string;
  readonly network: NetworkAccess;
  /** Folder for what must outlive the process, made by who uses it; undefined: nothing is kept. No other module uses it. */
  readonly keepDir: string | undefined;
  /** Kept by the supervisor from one attempt to the next: what an output must remember to continue where it stopped. */
  readonly memory: Map<string, unknown>;
  /** Registers what the status shows; the last one given counts. */
  onReport(report: () => OutputReport): void;
}

/** A kind of output. `run` resolves after `signal` aborts and rejects when it failed; the supervisor starts it again. */
export interface OutputModule<Schema extends z.ZodObject = z.ZodObject> {
  /** The `type` in the configuration. */
  readonly type: string;
  /** One sentence for the documentation. */
  readonly summary: string;
  /** Options without `type`; every key has a description. */
  readonly schema: Schema;
  /** The stream keeps a ledger of its audio. */
  readonly keepsLedger?: boolean;
  /** Audio before the newest released byte that this output needs held, e.g. for a burst. */
  historyMs?(options: z.output<Schema>): number;
  run(context: OutputContext<z.output<Schema>>): Promise<void>;
}

/** Declares an output; the same function that built-in outputs use. Returns its argument, typed. */
export function defineOutput<Schema extends z.ZodObject>(module: OutputModule<Schema>): OutputModule<Schema> {
  return module;
}
