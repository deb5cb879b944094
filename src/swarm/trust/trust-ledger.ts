/** Complaints of this weight in sum convict a giver, if they come from two takers at least. */
const CONVICTS = 1.5;
/** A taker counts fully once so many chunks that it got were confirmed; before that, and as a second one of the same prefix, less. */
const ESTABLISHED = 3;
const NEW_TAKER_WEIGHT = 0.75;
const SAME_PREFIX_WEIGHT = 0.5;
/** So many other takers that confirm a giver contradict a complaint about it. */
const CONTRADICTS = 2;
/** A taker whose complaints about so many givers are contradicted lies. */
const LIES = 3;
/** Peers remembered in each direction of the graph, for each peer. */
const MAX_EDGES = 64;

/** What the ledger thinks of a peer as a giver. */
export type Standing = 'new' | 'trusted' | 'suspect' | 'convicted';

interface Account {
  readonly prefix: number;
  /** Chunks that others confirmed to have got from it, and that it confirmed itself. */
  given: number;
  taken: number;
  /** Open complaints about it, by the taker, with the takers that confirmed a chunk of it since. */
  readonly complaints: Map<string, Set<string>>;
  /** Givers about which its complaint was contradicted. */
  readonly contradicted: Set<string>;
  /** Givers about which it has complained. */
  readonly accused: Set<string>;
  convicted: boolean;
  liar: boolean;
  /** Outcomes by giver: the direct edges of the trust graph. */
  readonly edges: Map<string, { good: number; bad: number }>;
}

/** What changed by a complaint. */
export interface Verdict {
  /** The giver is now excluded. */
  readonly convicted: boolean;
  /** The complaint counted; false when the taker is known to lie. */
  readonly believed: boolean;
}

/**
 * Who can be relied on, from receipts: a taker confirms a chunk by its hash, or complains. The coordinator knows of
 * each transfer, so a bad chunk names two: the giver or the taker lies. A giver is convicted by several independent
 * takers; a taker whose complaints others contradict is found out, and counts no more. One peer alone convicts nobody.
 */
export class TrustLedger {
  readonly #accounts = new Map<string, Account>();

  /** A peer is known from now on. `prefix` numbers its network; peers of one network are not independent. */
  add(peer: string, prefix = -1): void {
    if (this.#accounts.has(peer)) return;
    this.#accounts.set(peer, {
      prefix,
      given: 0,
      taken: 0,
      complaints: new Map(),
      contradicted: new Set(),
      accused: new Set(),
      convicted: false,
      liar: false,
      edges: new Map(),
    });
  }

  /** Forgets a peer that has left for good; what it did to others stays. */
  remove(peer: string): void {
    this.#accounts.delete(peer);
  }

  /** The taker got a chunk of the giver whose hash is right. */
  confirmed(giver: string, taker: string): void {
    const from = this.#accounts.get(giver);
    const to = this.#accounts.get(taker);
    if (!from || !to) return;
    from.given++;
    to.taken++;
    edge(to, giver).good++;
    for (const [accuser, witnesses] of from.complaints) {
      if (accuser === taker || to.liar) continue;
      witnesses.add(taker);
      if (witnesses.size >= CONTRADICTS && from.complaints.size === 1) this.#contradict(giver, from, accuser);
    }
  }

  /** The taker says that a chunk of the giver was wrong. */
  complained(giver: string, taker: string): Verdict {
    const from = this.#accounts.get(giver);
    const to = this.#accounts.get(taker);
    if (!from || !to || to.liar) return { convicted: from?.convicted ?? false, believed: false };
    edge(to, giver).bad++;
    if (to.accused.size < MAX_EDGES) to.accused.add(giver);
    if (!from.complaints.has(taker)) from.complaints.set(taker, new Set());
    if (from.complaints.size >= 2 && this.#weightOf(giver, from) >= CONVICTS) from.convicted = true;
    return { convicted: from.convicted, believed: true };
  }

  /** What the peer is as a giver. */
  standing(peer: string): Standing {
    const account = this.#accounts.get(peer);
    if (!account) return 'new';
    if (account.convicted) return 'convicted';
    if (account.complaints.size > 0) return 'suspect';
    return account.given > 0 ? 'trusted' : 'new';
  }

  /** Chunks of the peer that others confirmed. */
  given(peer: string): number {
    return this.#accounts.get(peer)?.given ?? 0;
  }

  /** True when the peer's complaints count no more. */
  isLiar(peer: string): boolean {
    return this.#accounts.get(peer)?.liar ?? false;
  }

  /**
   * How far `taker` can rely on `giver`, from 0 to 1: the share of good chunks between the two, or over the best third
   * peer (one hop) as the product of both shares, as DistribuStream's trust graph has it. 0.5 when nothing is known.
   */
  trust(taker: string, giver: string): number {
    const from = this.#accounts.get(taker);
    if (!from) return 0.5;
    const direct = from.edges.get(giver);
    if (direct) return share(direct);
    let best = 0;
    for (const [middle, outcome] of from.edges) {
      const next = this.#accounts.get(middle)?.edges.get(giver);
      if (next) best = Math.max(best, share(outcome) * share(next));
    }
    return best || 0.5;
  }

  #contradict(giver: string, from: Account, accuser: string): void {
    from.complaints.delete(accuser);
    const account = this.#accounts.get(accuser);
    if (!account) return;
    account.contradicted.add(giver);
    if (account.contradicted.size < LIES) return;
    account.liar = true;
    for (const other of this.#accounts.values()) if (!other.convicted) other.complaints.delete(accuser);
  }

  /** Other givers that only this taker complains about, while somebody else gets good chunks of them. */
  #aloneWith(taker: string, account: Account, giver: string): number {
    let count = 0;
    for (const accused of account.accused) {
      const other = this.#accounts.get(accused);
      if (accused === giver || !other || other.convicted || other.complaints.size !== 1) continue;
      if ((other.complaints.get(taker)?.size ?? 0) > 0) count++;
    }
    return count;
  }

  #weightOf(giver: string, from: Account): number {
    const prefixes = new Set<number>();
    let sum = 0;
    for (const taker of from.complaints.keys()) {
      const account = this.#accounts.get(taker);
      if (!account) continue;
      const repeated = prefixes.has(account.prefix);
      prefixes.add(account.prefix);
      const base = account.taken >= ESTABLISHED ? 1 : NEW_TAKER_WEIGHT;
      sum +=
        (base * (repeated ? SAME_PREFIX_WEIGHT : 1)) /
        (1 + account.contradicted.size + this.#aloneWith(taker, account, giver));
    }
    return sum;
  }
}

function edge(account: Account, giver: string): { good: number; bad: number } {
  const known = account.edges.get(giver);
  if (known) return known;
  if (account.edges.size >= MAX_EDGES) account.edges.delete(account.edges.keys().next().value!);
  const made = { good: 0, bad: 0 };
  account.edges.set(giver, made);
  return made;
}

function share({ good, bad }: { good: number; bad: number }): number {
  return good / (good + bad);
}
