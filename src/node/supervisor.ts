import { type Clock, sleep } from '../core/clock.ts';
import { DistreamError, reasonOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';

/** What a supervised module is doing. */
export type SupervisedState = 'running' | 'retrying' | 'stopped';

/** The last failure of a supervised module. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly atUtcMs: number;
}

/** Options of a supervisor. */
export interface SupervisorOptions {
  /** Runs the module once; resolves when it ended, rejects when it failed, soon after `signal` aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** What is supervised, for the log: `input icecast`. */
  readonly what: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** 0 to 1; spreads retries. */
  readonly random: () => number;
  readonly maxDelayMs?: number;
}

const FIRST_DELAY_MS = 250;
const DEFAULT_MAX_DELAY_MS = 2000;
/** A run of this length proves that the module works: the next failure begins with a first try at once. */
const PROVEN_MS = 10_000;

/**
 * Keeps one module running: the only place that retries. The first try after a
 * failure comes at once, then with growing, jittered delays, for ever.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  /** Set from `start` to `stop`. */
  #abort: AbortController | undefined;
  /** Runs follow one another: a module that is started again first ends its old run. */
  #finished: Promise<void> = Promise.resolve();
  state: SupervisedState = 'stopped';
  sinceUtcMs: number;
  restarts = 0;
  lastFailure: Failure | undefined;
  /** The failure that was logged last and is not over. */
  #told: string | undefined;
  #downSinceMs: number | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.sinceUtcMs = options.clock.utcMs();
  }

  /** Starts the module unless it runs; where it is being stopped, once its old run has ended. */
  start(): void {
    if (this.#abort) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#finished = this.#finished.then(() => this.#loop(abort.signal));
  }

  /** Stops the module; resolves when its run has ended. */
  async stop(): Promise<void> {
    this.#abort?.abort();
    this.#abort = undefined;
    await this.#finished;
  }

  /** Tells that the module works (audio comes, the port is open), so that recovery is logged. */
  recovered(): void {
    if (this.#told === undefined) return;
    this.#told = undefined;
    const downMs = this.#options.clock.nowMs() - (this.#downSinceMs ?? this.#options.clock.nowMs());
    this.#downSinceMs = undefined;
    this.#options.log.info(`${this.#options.what} works again after ${(downMs / 1000).toFixed(1)} s`);
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const { clock, random, maxDelayMs = DEFAULT_MAX_DELAY_MS } = this.#options;
    let failures = 0;
    this.#told = undefined;
    this.#downSinceMs = undefined;
    while (!signal.aborted) {
      this.#enter('running');
      const startedMs = clock.nowMs();
      await this.#runOnce(signal);
      if (signal.aborted) break;
      this.restarts++;
      failures = clock.nowMs() - startedMs >= PROVEN_MS ? 1 : failures + 1;
      const delayMs = failures === 1 ? 0 : Math.min(maxDelayMs, FIRST_DELAY_MS * 2 ** Math.min(failures - 2, 10));
      if (delayMs > 0) this.#enter('retrying');
      await sleep(clock, delayMs * (0.8 + 0.4 * random()), signal);
    }
    this.#enter('stopped');
  }

  async #runOnce(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.run(signal);
      if (!signal.aborted) this.#fail(new DistreamError('INPUT_ENDED'));
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const { clock, log, what } = this.#options;
    const known = error instanceof DistreamError;
    const message = reasonOf(error);
    this.lastFailure = { code: known ? error.code : 'INTERNAL', message, atUtcMs: clock.utcMs() };
    this.#downSinceMs ??= clock.nowMs();
    const kind = kindOf(error);
    if (this.#told === kind) return;
    this.#told = kind;
    const remedy = known && error.remedy ? ` (${error.remedy})` : '';
    const unexpected = known ? {} : { error: error instanceof Error ? error.stack : String(error) };
    log.warn(`${what}: ${message}; trying again${remedy}`, unexpected);
  }

  #enter(state: SupervisedState): void {
    if (this.state === state) return;
    this.state = state;
    this.sinceUtcMs = this.#options.clock.utcMs();
  }
}

/** What tells failures apart in the log: the code and what it is about, not which program holds a port just now. */
function kindOf(error: unknown): string {
  if (!(error instanceof DistreamError)) return reasonOf(error);
  const { holder: _, ...about } = error.details;
  return `${error.code} ${JSON.stringify(about)}`;
}
