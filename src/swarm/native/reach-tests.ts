import type { Clock } from '../../core/clock.ts';
import type { NativeMember } from './native-member.ts';

/** A peer that did not answer its nonce is asked again so long after: a machine may be busy, and a port may be opened. */
const RETRIES_MS: readonly number[] = [1000, 5000, 30_000];

/** What the tests need of the conductor. */
export interface ReachTestsOptions {
  readonly clock: Clock;
  /** Tests whether the member answers at its address. */
  readonly probe: (member: NativeMember) => Promise<boolean>;
  readonly isHere: (member: NativeMember) => boolean;
  /** It is known of the member. */
  readonly onKnown: (member: NativeMember) => void;
}

/** Finds out which members answer at the addresses that others are told, and tells them. */
export class ReachTests {
  readonly #options: ReachTestsOptions;

  constructor(options: ReachTestsOptions) {
    this.#options = options;
  }

  /** Ends with the member's `nextProbe`. */
  async test(member: NativeMember, tries = 0): Promise<void> {
    const { clock, probe, isHere, onKnown } = this.#options;
    const isReachable = await probe(member).catch(() => false);
    if (!isHere(member)) return;
    if (!isReachable && tries < RETRIES_MS.length) {
      member.nextProbe = clock.after(RETRIES_MS[tries]!, () => void this.test(member, tries + 1));
    }
    member.isReachable = isReachable;
    member.isProbed = true;
    member.voice.tell({ type: 'reached', isReachable });
    onKnown(member);
  }
}
