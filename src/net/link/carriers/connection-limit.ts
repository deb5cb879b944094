import { limitPrefixes } from '../limit-prefixes.ts';

/** Connections at once, whoever owns them. */
export interface StreamLimits {
  readonly connections: number;
  /** From one /24 of IPv4 or /64 of IPv6. */
  readonly connectionsPerNetwork: number;
}

/** Counts what is open, in all and by network. Holds one entry for each network that has something open. */
export class ConnectionLimit {
  readonly #limits: StreamLimits;
  readonly #byNetwork = new Map<string, number>();
  #count = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /** Networks that have something open. */
  get networkCount(): number {
    return this.#byNetwork.size;
  }

  /** Counts a connection, or says which limit it is above; it is then not counted. */
  add(address: string): 'limit' | 'limit-per-network' | undefined {
    if (this.#count >= this.#limits.connections) return 'limit';
    const network = networkOf(address);
    const ofNetwork = this.#byNetwork.get(network) ?? 0;
    if (ofNetwork >= this.#limits.connectionsPerNetwork) return 'limit-per-network';
    this.#count++;
    this.#byNetwork.set(network, ofNetwork + 1);
    return undefined;
  }

  /** Takes back an `add` that gave no limit. */
  remove(address: string): void {
    const network = networkOf(address);
    const left = (this.#byNetwork.get(network) ?? 0) - 1;
    this.#count--;
    if (left > 0) this.#byNetwork.set(network, left);
    else this.#byNetwork.delete(network);
  }
}

function networkOf(address: string): string {
  return limitPrefixes(address)[0] ?? address;
}
