import { addressBytes } from '../../net/egress.ts';

const MAX_PREFIXES = 1_000_000;

/** Numbers networks: /24 and /16 of IPv4, /48 and /32 of IPv6. */
export class PrefixNumbers {
  readonly #numbers = new Map<string, number>();

  /** The numbers of an address; -1 for text that is none. */
  of(address: string): { prefix: number; widePrefix: number } {
    const bytes = addressBytes(address);
    if (!bytes) return { prefix: -1, widePrefix: -1 };
    const [near, wide] = bytes.length === 4 ? [3, 2] : [6, 4];
    return { prefix: this.#number(bytes.slice(0, near)), widePrefix: this.#number(bytes.slice(0, wide)) };
  }

  #number(bytes: readonly number[]): number {
    const key = bytes.join('.');
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#numbers.size >= MAX_PREFIXES) return -1;
    this.#numbers.set(key, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}
