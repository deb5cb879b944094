import type { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { NetworkAccess } from './network.ts';
import type { SessionOptions, SessionWriter } from './session.ts';

/** What an input says of itself in the status, beside what the supervisor and the stream know. */
export interface InputReport {
  /** Counters by snake_case name, each a total. */
  readonly counters?: Readonly<Record<string, number>>;
  /** Other facts for people, short. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** All that an input is given. */
export interface InputContext<Options> {
  readonly options: Options;
  /** Aborts when the input is to stop; `run` then resolves within a second. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
  /** Name of the stream that it feeds. */
  readonly streamName: string;
  /** Length of the stream's fragments: what comes is passed on in these. */
  readonly fragmentMs: number;
  /** Folder against which relative paths are resolved: that of the configuration file. */
  readonly baseDir: string;
  readonly network: NetworkAccess;
  /** Folder for what must outlive the process, made by who uses it; undefined: nothing is kept. No other module uses it. */
  readonly keepDir: string | undefined;
  /** How long listeners hear sound if nothing more comes, and what that is when the reserve is full. */
  reserve(): { readonly nowMs: number; readonly targetMs: number };
  /** Kept by the supervisor from one attempt to the next: what an input must remember to continue where it stopped. */
  readonly memory: Map<string, unknown>;
  /** Starts a session: audio comes now. The session before must have ended. */
  openSession(options: SessionOptions): SessionWriter;
  /** Registers what the status shows; the last one given counts. */
  onReport(report: () => InputReport): void;
}

/**
 * A kind of input. `run` resolves when the input ended by itself and rejects when it
 * failed; it never retries: the supervisor alone starts it again (first try at once).
 */
export interface InputModule<Schema extends z.ZodObject = z.ZodObject> {
  /** The `type` in the configuration. */
  readonly type: string;
  /** One sentence for the documentation. */
  readonly summary: string;
  /** Options without `type`; every key has a description. */
  readonly schema: Schema;
  /** The audio comes over a line that may fail: the reserve defaults to the whole buffer. */
  readonly overLine?: boolean;
  /** The stream keeps a ledger of its audio. */
  readonly keepsLedger?: boolean;
  /** As a fallback it is started only when needed (default: it always runs, ready to take over). */
  readonly startOnDemand?: boolean;
  run(context: InputContext<z.output<Schema>>): Promise<void>;
}

/** Declares an input; the same function that built-in inputs use. Returns its argument, typed. */
export function defineInput<Schema extends z.ZodObject>(module: InputModule<Schema>): InputModule<Schema> {
  return module;
}
