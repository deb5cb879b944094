import { limitPrefixes } from './limit-prefixes.ts';
import { TokenBuckets, type TokenRate } from './token-buckets.ts';

/** How often strangers may make the node work. */
export interface AdmissionLimits {
  /** Hellos that are answered or checked at all: each costs some HMACs. */
  readonly hellos: TokenRate;
  /** Handshakes in all: each costs some multiplications on the curve, about a millisecond. */
  readonly handshakes: TokenRate;
  /** Handshakes from one /24 of IPv4 or /64 of IPv6. */
  readonly handshakesPerNetwork: TokenRate;
  /** Handshakes from one /48 of IPv6. */
  readonly handshakesPerSite: TokenRate;
}

/** A flood takes a part of one core; 500 peers behind one address that come back at once are in within 4 s. */
const DEFAULTS: AdmissionLimits = {
  hellos: { perSecond: 5000, burst: 5000 },
  handshakes: { perSecond: 200, burst: 600 },
  handshakesPerNetwork: { perSecond: 64, burst: 300 },
  handshakesPerSite: { perSecond: 128, burst: 600 },
};

const MAX_NETWORKS = 10_000;

/** Decides what strangers may cost. Memory is bounded: 10,000 networks of each kind. */
export class Admission {
  readonly #hellos: TokenBuckets;
  readonly #handshakes: TokenBuckets;
  readonly #networks: TokenBuckets;
  readonly #sites: TokenBuckets;

  constructor(limits: Partial<AdmissionLimits> = {}) {
    const { hellos, handshakes, handshakesPerNetwork, handshakesPerSite } = { ...DEFAULTS, ...limits };
    this.#hellos = new TokenBuckets(hellos, 1);
    this.#handshakes = new TokenBuckets(handshakes, 1);
    this.#networks = new TokenBuckets(handshakesPerNetwork, MAX_NETWORKS);
    this.#sites = new TokenBuckets(handshakesPerSite, MAX_NETWORKS);
  }

  /** Whether a datagram of a stranger may be judged. */
  mayJudge(nowMs: number): boolean {
    return this.#hellos.take('', nowMs);
  }

  /** Whether the handshake of an address that proved itself may be read. */
  mayShakeHands(address: string, nowMs: number): boolean {
    const [network = '', site] = limitPrefixes(address);
    if (!this.#networks.take(network, nowMs)) return false;
    if (site !== undefined && !this.#sites.take(site, nowMs)) return false;
    return this.#handshakes.take('', nowMs);
  }
}
