import { isIP } from 'node:net';
import type { Clock } from '../../core/clock.ts';

/** A resolver that does not answer during an outage must not hold a link back: then the last answer counts. */
const PATIENCE_MS = 1000;
const MAX_NAMES = 1024;

/** Finds the addresses of names again and again, with one question for a name at a time. */
export class NameCache {
  readonly #clock: Clock;
  readonly #lookup: (host: string) => Promise<readonly string[]>;
  readonly #pending = new Map<string, Promise<readonly string[]>>();
  readonly #known = new Map<string, readonly string[]>();

  /** `lookup`: all addresses of a name, the preferred first. */
  constructor(clock: Clock, lookup: (host: string) => Promise<readonly string[]>) {
    this.#clock = clock;
    this.#lookup = lookup;
  }

  /**
   * The addresses of a name as they are now; those of the last answer when no other comes within a second. Rejects as
   * the resolver does when there never was an answer.
   */
  async resolve(host: string): Promise<readonly string[]> {
    const name = host.replace(/^\[(.*)\]$/, '$1');
    if (isIP(name)) return [name];
    const answer = this.#ask(name);
    const known = this.#known.get(name);
    return known ? this.#patiently(answer, known) : answer;
  }

  #ask(name: string): Promise<readonly string[]> {
    const pending = this.#pending.get(name);
    if (pending) return pending;
    const answer = this.#lookup(name)
      .then((addresses) => this.#keep(name, addresses))
      .finally(() => this.#pending.delete(name));
    this.#pending.set(name, answer);
    return answer;
  }

  #keep(name: string, addresses: readonly string[]): readonly string[] {
    this.#known.delete(name);
    if (addresses.length > 0) this.#known.set(name, addresses);
    if (this.#known.size > MAX_NAMES) this.#known.delete(this.#known.keys().next().value!);
    return addresses;
  }

  #patiently(answer: Promise<readonly string[]>, known: readonly string[]): Promise<readonly string[]> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(PATIENCE_MS, () => resolve(known));
      const finish = (addresses: readonly string[]) => {
        timer.cancel();
        resolve(addresses);
      };
      answer.then(finish, () => finish(known));
    });
  }
}
