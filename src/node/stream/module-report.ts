import { reasonOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';

/** What a module says of itself. One that throws is logged once and must not harm the status of the others. */
export class ModuleReport<Report> {
  readonly #what: string;
  readonly #log: Logger;
  #make: (() => Report) | undefined;
  #told = false;

  /** @param what is reported of, for the log: `output 1` */
  constructor(what: string, log: Logger) {
    this.#what = what;
    this.#log = log;
  }

  /** Takes what makes the report; undefined when the module begins anew and has said nothing yet. */
  set(make: (() => Report) | undefined): void {
    this.#make = make;
  }

  /** The report now; undefined when there is none. */
  read(): Report | undefined {
    try {
      return this.#make?.();
    } catch (error) {
      if (!this.#told) this.#log.error(`${this.#what} cannot report: ${reasonOf(error)}`);
      this.#told = true;
      return undefined;
    }
  }
}
