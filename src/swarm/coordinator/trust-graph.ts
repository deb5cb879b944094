/** Peers of which one peer keeps an opinion; then the oldest is forgotten. */
const MAX_OPINIONS = 256;

interface Opinion {
  good: number;
  bad: number;
}

/**
 * Who had good of whom, as DistribuStream keeps it: the share of good transfers with each partner, made to sum to 1, and
 * one hop of hearsay by product. Only what the taker reports and a hash confirms may be entered.
 */
export class TrustGraph {
  readonly #opinions = new Map<string, Map<string, Opinion>>();

  /** Enters the outcome of a transfer that `taker` had from `giver`. */
  enter(taker: string, giver: string, isGood: boolean): void {
    const known = this.#opinions.get(taker) ?? new Map<string, Opinion>();
    this.#opinions.set(taker, known);
    const opinion = known.get(giver) ?? { good: 0, bad: 0 };
    known.delete(giver);
    known.set(giver, opinion);
    if (isGood) opinion.good++;
    else opinion.bad++;
    if (known.size <= MAX_OPINIONS) return;
    for (const oldest of known.keys()) {
      known.delete(oldest);
      return;
    }
  }

  /** Forgets a peer that has left, in both roles. */
  forget(peer: string): void {
    this.#opinions.delete(peer);
    for (const known of this.#opinions.values()) known.delete(peer);
  }

  /** From 0 to 1: how much `taker` has of `giver`, by itself or by one it knows; undefined when it never heard of it. */
  trust(taker: string, giver: string): number | undefined {
    const known = this.#opinions.get(taker);
    if (!known) return undefined;
    const direct = known.get(giver);
    if (direct) return ratioOf(direct) / weightOf(known);
    let best: number | undefined;
    const weight = weightOf(known);
    for (const [friend, opinion] of known) {
      const theirs = this.#opinions.get(friend);
      const heard = theirs?.get(giver);
      if (!theirs || !heard) continue;
      const product = (ratioOf(opinion) / weight) * (ratioOf(heard) / weightOf(theirs));
      best = Math.max(best ?? 0, product);
    }
    return best;
  }
}

function ratioOf({ good, bad }: Opinion): number {
  return good / (good + bad);
}

function weightOf(known: ReadonlyMap<string, Opinion>): number {
  let sum = 0;
  for (const opinion of known.values()) sum += ratioOf(opinion);
  return sum || 1;
}
