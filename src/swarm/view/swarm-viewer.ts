import type { Clock } from '../../core/clock.ts';
import { cleanText } from '../../core/text.ts';
import { SwarmCounters } from '../coordinator/swarm-counters.ts';
import { FileRows } from './file-rows.ts';
import { networkOf } from './network-of.ts';
import { RateWindow } from './rate-window.ts';
import type { PeerSight, SwarmSight, SwarmSource } from './sight.ts';
import { MAX_FLOWS, MAX_PEERS, SERVER_ID, type SwarmPeerView, type SwarmView } from './swarm-view.ts';

/** Who asks more often gets the same view. */
const KEPT_MS = 250;
const MAX_NAME = 200;
/** Transfers that one look reads. */
const MAX_TRANSFERS_READ = 100_000;

/** What is looked at. */
export interface SwarmViewerOptions {
  readonly clock: Clock;
  /** Name of the server in addresses. */
  readonly name: () => string;
  readonly sources: () => Iterable<SwarmSource>;
}

/**
 * Makes views of all swarms of a program as if they were one. It does nothing unasked; between two looks it remembers
 * which number stands for which peer, and the totals of the last seconds for rates.
 */
export class SwarmViewer {
  readonly #options: SwarmViewerOptions;
  readonly #rates = new RateWindow();
  readonly #numbers = new WeakMap<object, string>();
  #files = new FileRows(new Map());
  #lastNumber = 0;
  #kept: Kept | undefined;

  constructor(options: SwarmViewerOptions) {
    this.#options = options;
  }

  /** The view of now; administrators see networks of peers. The caller does not change it. */
  view(isAdmin: boolean): SwarmView {
    const nowMs = this.#options.clock.nowMs();
    if (!this.#kept || nowMs - this.#kept.atMs >= KEPT_MS) this.#kept = this.#look(nowMs);
    if (!isAdmin) return this.#kept.everyone;
    this.#kept.admin ??= withNetworks(this.#kept);
    return this.#kept.admin;
  }

  #look(nowMs: number): Kept {
    const sights = [...this.#options.sources()].map((source) => source.look());
    const totals = totalsOf(sights);
    const counts = { ...NO_PEERS };
    const peers: Record<string, SwarmPeerView> = {};
    const addresses = new Map<string, string>();
    for (const sight of sights) {
      for (const peer of sight.peers()) {
        counts[peer.trust]++;
        counts[peer.reach]++;
        if (counts.peers++ >= MAX_PEERS) continue;
        const id = this.#numberOf(peer.key);
        peers[id] = peerView(peer, sight.dialect);
        addresses.set(id, peer.address);
      }
    }
    this.#files = new FileRows(this.#files.ids);
    for (const sight of sights) for (const file of sight.files()) this.#files.add(file);
    const { flows, transfers } = this.#flows(sights, peers);
    const rates = this.#rates.note(nowMs, totals.bytesFromServer, totals.bytesFromPeers);
    const possible = possibleRate(sights);
    const everyone: SwarmView = {
      name: cleanText(this.#options.name(), MAX_NAME),
      dialects: [...new Set(sights.map(({ dialect }) => dialect))],
      score: this.#files.score(),
      totals,
      ...(rates && { rates: { ...rates, ...(possible !== undefined && { possible }) } }),
      counts: { ...counts, files: this.#files.count, transfers },
      peers,
      files: this.#files.views(),
      flows,
    };
    return { atMs: nowMs, everyone, addresses, admin: undefined };
  }

  #numberOf(key: object): string {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = String(++this.#lastNumber);
    this.#numbers.set(key, number);
    return number;
  }

  #flows(
    sights: readonly SwarmSight[],
    peers: Readonly<Record<string, SwarmPeerView>>,
  ): { flows: Record<string, number>; transfers: number } {
    const pairs = new Map<string, { taker: string; chunks: number }>();
    let transfers = 0;
    const idOf = (key: object | undefined) => (key ? this.#numberOf(key) : SERVER_ID);
    const isShown = (id: string) => id === SERVER_ID || peers[id] !== undefined;
    for (const sight of sights) {
      for (const flow of sight.flows()) {
        if (++transfers > MAX_TRANSFERS_READ) break;
        const [giver, taker] = [idOf(flow.giver), idOf(flow.taker)];
        if (!isShown(giver) || !isShown(taker)) continue;
        const key = `${giver}>${taker}`;
        const pair = pairs.get(key);
        if (pair) pair.chunks++;
        else pairs.set(key, { taker, chunks: 1 });
      }
    }
    // Of too many, those of every so-manieth taker: a part of the whole mesh, and the same part at each look.
    const step = Math.ceil(pairs.size / MAX_FLOWS);
    const flows: Record<string, number> = {};
    let left = MAX_FLOWS;
    for (const [key, { taker, chunks }] of pairs) {
      if (left === 0) break;
      if (step > 1 && Number(taker) % step !== 0) continue;
      flows[key] = chunks;
      left--;
    }
    return { flows, transfers };
  }
}

/** A view, and what makes the administrators' one of it when one of them looks. */
interface Kept {
  readonly atMs: number;
  readonly everyone: SwarmView;
  readonly addresses: ReadonlyMap<string, string>;
  admin: SwarmView | undefined;
}

const NO_PEERS = {
  peers: 0,
  trusted: 0,
  new: 0,
  suspected: 0,
  convicted: 0,
  reachable: 0,
  firewalled: 0,
  unknown: 0,
};

function totalsOf(sights: readonly SwarmSight[]): SwarmView['totals'] {
  const sum = new SwarmCounters();
  for (const { counters } of sights) {
    sum.good += counters.good;
    sum.wrong += counters.wrong;
    sum.failed += counters.failed;
    sum.timedOut += counters.timedOut;
    sum.bytesFromServer += counters.bytesFromServer;
    sum.bytesFromPeers += counters.bytesFromPeers;
  }
  const { good, wrong, failed, timedOut, bytesFromServer, bytesFromPeers } = sum;
  return { right: good, wrong, failed, tooSlow: timedOut, bytesFromServer, bytesFromPeers };
}

/** Known only when the uplinks of all are. */
function possibleRate(sights: readonly SwarmSight[]): number | undefined {
  let sum = 0;
  for (const { uplinks, peers } of sights) {
    if (uplinks) sum += uplinks.server + uplinks.peers;
    else if (!peers()[Symbol.iterator]().next().done) return undefined;
  }
  return sum > 0 ? Math.round(sum) : undefined;
}

function peerView(peer: PeerSight, dialect: SwarmSight['dialect']): SwarmPeerView {
  return {
    dialect,
    trust: peer.trust,
    reach: peer.reach,
    ...(peer.progress !== undefined && { progress: Math.floor(peer.progress * 100) / 100 }),
    given: threeDigits(peer.bytesGiven),
    taken: threeDigits(peer.bytesTaken),
  };
}

/** So that a patch need not tell of each byte. */
function threeDigits(value: number): number {
  const unit = value < 1000 ? 1 : 10 ** (Math.floor(Math.log10(value)) - 2);
  return Math.round(value / unit) * unit;
}

function withNetworks({ everyone, addresses }: Kept): SwarmView {
  const peers: Record<string, SwarmPeerView> = {};
  for (const [id, address] of addresses) {
    const network = networkOf(address);
    peers[id] = network === undefined ? everyone.peers[id]! : { ...everyone.peers[id]!, network };
  }
  return { ...everyone, peers };
}
