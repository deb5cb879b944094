import type { CliIo } from '../io.ts';
import { EXIT_INTERRUPTED } from '../stop.ts';

/**
 * Ctrl-C for a command that may stay with its page: the first one ends the work, one while the page stays ends that, and
 * any other ends the program at once.
 */
export class Stops {
  readonly #work = new AbortController();
  readonly #unsubscribe: () => void;
  #isTerminated = false;
  #onNext: (() => void) | undefined;

  constructor(io: CliIo) {
    this.#unsubscribe = io.onStop((signal) => {
      if (signal === 'SIGTERM') this.#isTerminated = true;
      if (this.#onNext) this.#onNext();
      else if (this.#work.signal.aborted) io.exit(EXIT_INTERRUPTED);
      else this.#work.abort();
    });
  }

  /** Aborts when the work is to end. */
  get signal(): AbortSignal {
    return this.#work.signal;
  }

  /** Resolves with the next Ctrl-C; at once when a service manager has asked to stop. */
  next(): Promise<void> {
    if (this.#isTerminated) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onNext = resolve;
    });
  }

  close(): void {
    this.#unsubscribe();
  }
}
