import { createHash } from 'node:crypto';

/** Numbers of the fragments that a receiver passed on and the sender still names, with digests to know them again. */
export class HeldFragments {
  readonly #digests = new Map<number, string>();

  /** Ascending. */
  get numbers(): number[] {
    return [...this.#digests.keys()];
  }

  /** Notes a fragment; numbers come ascending. */
  add(number: number, data: Buffer): void {
    this.#digests.set(number, digest(data));
  }

  /** True when a fragment of that number is held, but with other bytes: the sender's numbers mean something else now. */
  contradicts(number: number, data: Buffer): boolean {
    const known = this.#digests.get(number);
    return known !== undefined && known !== digest(data);
  }

  /** Forgets what is not named. */
  keep(named: ReadonlySet<number>): void {
    for (const number of this.#digests.keys()) if (!named.has(number)) this.#digests.delete(number);
  }

  clear(): void {
    this.#digests.clear();
  }
}

function digest(data: Buffer): string {
  return createHash('sha1').update(data).digest('base64');
}
