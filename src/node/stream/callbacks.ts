import { reasonOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';

/** Those who are called back. One that throws is logged once and harms neither the others nor the caller. */
export class Callbacks<Args extends unknown[]> {
  readonly #what: string;
  readonly #log: Logger;
  readonly #members = new Set<(...args: Args) => void>();
  readonly #failed = new WeakSet<(...args: Args) => void>();

  /** @param what is told, for the log: `new audio` */
  constructor(what: string, log: Logger) {
    this.#what = what;
    this.#log = log;
  }

  /** Returns the unsubscriber. */
  add(callback: (...args: Args) => void): () => void {
    this.#members.add(callback);
    return () => this.#members.delete(callback);
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  call(...args: Args): void {
    for (const callback of this.#members) {
      try {
        callback(...args);
      } catch (error) {
        this.#tell(callback, error);
      }
    }
  }

  #tell(callback: (...args: Args) => void, error: unknown): void {
    if (this.#failed.has(callback)) return;
    this.#failed.add(callback);
    const stack = error instanceof Error ? error.stack : undefined;
    this.#log.error(`an output failed on ${this.#what}: ${reasonOf(error)}`, { error: stack });
  }
}
