import {
  arrivalMs,
  awayMs,
  HOP_MS,
  type LeaseNode,
  leaseNode,
  NOBODY,
  SERVER_ROW,
  takersDelayMs,
} from './lease-node.ts';
import { RowList } from './row-list.ts';

/** For so long a giver pushes a sub-stream without hearing of the coordinator. */
export const LEASE_MS = 10_000;
/** Part of an uplink that leases may use; the rest mends what fails. The server keeps more, for rescues. */
const PEER_SHARE = 0.8;
const SERVER_SHARE = 0.65;
/** Givers that are compared for one taker. */
const CANDIDATES = 48;
/** A taker changes its giver when the sub-stream then comes after this part of the time. */
const CLEARLY_SOONER = 0.8;
/** Branches that are looked at for each one that is moved: the one that comes latest is. */
const LOOKS = 12;

/** "Push the chunks whose number leaves the rest `substream` when divided by the sub-streams, to these takers." */
export interface Lease {
  readonly giver: number;
  readonly substream: number;
  readonly takers: readonly number[];
  readonly untilMs: number;
}

/** A live stream as leases see it. Rates are bytes of payload a second. */
export interface LeaseOptions {
  readonly substreams: number;
  readonly chunkBytes: number;
  readonly streamBytesPerSecond: number;
  readonly serverUpBytesPerSecond: number;
  readonly random: () => number;
  /** Whether two peers can meet; see `Swarm.mayMeet`. */
  readonly mayMeet: (giver: number, taker: number) => boolean;
}

/**
 * Trees of leases for a live stream: for each sub-stream, who pushes it to whom. A change (a peer joins, leaves, is
 * limited) touches only the branches that hang on it. Peers without a giver are mended chunk by chunk by
 * `planTransfers`, as is what is lost until the trees are whole again.
 */
export class LeaseTrees {
  readonly #options: LeaseOptions;
  readonly #nodes = new Map<number, LeaseNode>();
  /** Nodes with room, by place; those without a path to the server are sorted out when they are met. */
  readonly #open = new RowList();
  readonly #rows = new RowList();
  readonly #orphans: { row: number; substream: number }[] = [];
  readonly #changed = new Set<string>();
  /** By sub-stream, what those can push who pass it on. */
  readonly #homeUnits: Float64Array;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#homeUnits = new Float64Array(options.substreams);
    const { substreams, streamBytesPerSecond, serverUpBytesPerSecond } = options;
    const units = Math.floor((serverUpBytesPerSecond * SERVER_SHARE * substreams) / streamBytesPerSecond);
    this.#addNode(SERVER_ROW, serverUpBytesPerSecond, units);
  }

  /** @param lowUpBytesPerSecond what the peer nearly always can send; 0 for one that gives nothing */
  join(row: number, lowUpBytesPerSecond: number): void {
    this.#rows.add(row);
    this.#addNode(row, lowUpBytesPerSecond, this.#unitsOf(lowUpBytesPerSecond));
    for (let substream = 0; substream < this.#options.substreams; substream++) this.#orphans.push({ row, substream });
  }

  /** The peer has left: who took from it waits for another giver. */
  leave(row: number): void {
    const node = this.#nodes.get(row);
    if (!node) return;
    this.limit(row, 0);
    for (let substream = 0; substream < this.#options.substreams; substream++) this.#detach(node, substream);
    this.#nodes.delete(row);
    this.#rows.delete(row);
    this.#open.delete(row);
  }

  /** The peer pushes to at most so many takers (times sub-streams) from now on; 0 when it is convicted. */
  limit(row: number, units: number): void {
    const node = this.#nodes.get(row);
    if (!node) return;
    this.#homeUnits[node.home]! -= node.units;
    if (node.used === 0) node.home = this.#poorestSubstream();
    this.#homeUnits[node.home]! += units;
    node.units = units;
    for (let substream = 0; substream < node.children.length && node.used > node.units; substream++) {
      for (const child of [...node.children[substream]!]) {
        if (node.used <= node.units) break;
        this.separate(row, child, substream);
      }
    }
    this.#refresh(node);
  }

  /** Sets the limit by the peer's rate again. */
  unlimit(row: number, lowUpBytesPerSecond: number): void {
    this.limit(row, this.#unitsOf(lowUpBytesPerSecond));
  }

  /** The giver pushes the sub-stream to this taker no more; the taker waits for another. All sub-streams if left out. */
  separate(giver: number, taker: number, substream?: number): void {
    const node = this.#nodes.get(taker);
    if (!node) return;
    for (let one = 0; one < this.#options.substreams; one++) {
      if ((substream !== undefined && one !== substream) || node.parent[one] !== giver) continue;
      this.#detach(node, one);
      this.#orphans.push({ row: taker, substream: one });
    }
  }

  /** Sub-streams that the peer pushes, once for each taker. */
  used(row: number): number {
    return this.#nodes.get(row)?.used ?? 0;
  }

  /** To whom the peer pushes a sub-stream. */
  takersOf(row: number, substream: number): Iterable<number> {
    return this.#nodes.get(row)?.children[substream] ?? [];
  }

  /** Who pushes a sub-stream to the peer; undefined: nobody. */
  giverOf(row: number, substream: number): number | undefined {
    const giver = this.#nodes.get(row)?.parent[substream] ?? NOBODY;
    return giver === NOBODY ? undefined : giver;
  }

  /** True when the sub-stream reaches the peer from the server. */
  isConnected(row: number, substream: number): boolean {
    let at = row;
    while (at > SERVER_ROW) at = this.#nodes.get(at)?.parent[substream] ?? NOBODY;
    return at === SERVER_ROW;
  }

  /** Finds givers for who waits for one. Answers the leases that changed; an empty list of takers ends one. */
  replan(nowMs: number): Lease[] {
    const waiting = this.#orphans.splice(0);
    for (const { row, substream } of waiting) {
      const node = this.#nodes.get(row);
      if (!node || node.parent[substream] !== NOBODY) continue;
      const giver = this.#bestGiver(node, substream);
      if (giver) this.#attach(node, giver, substream);
      else if (!this.#displace(node, substream)) this.#orphans.push({ row, substream });
    }
    this.#improve();
    const leases: Lease[] = [];
    for (const key of this.#changed) {
      const [giver, substream] = key.split(' ').map(Number) as [number, number];
      leases.push(this.#lease(giver, substream, nowMs));
    }
    this.#changed.clear();
    return leases;
  }

  /** All leases that stand, for their renewal. */
  renew(nowMs: number): Lease[] {
    const leases: Lease[] = [];
    for (const { row, children } of this.#nodes.values()) {
      for (const [substream, takers] of children.entries()) {
        if (takers.size > 0) leases.push(this.#lease(row, substream, nowMs));
      }
    }
    return leases;
  }

  /** Moves a few takers to givers from which the sub-stream comes clearly sooner: early trees are deep. */
  #improve(): void {
    const moves = 1 + (this.#rows.size >> 5);
    for (let move = 0; move < moves && this.#rows.size > 0; move++) {
      this.#promote(this.#nodes.get(this.#rows.at(Math.floor(this.#options.random() * this.#rows.size)))!);
      const late = this.#lateBranch();
      if (!late) continue;
      const { node, substream } = late;
      const giver = this.#bestGiver(node, substream);
      if (!giver || giver.row === node.parent[substream]) continue;
      if (arrivalMs(giver, substream) > node.delayMs[substream]! * CLEARLY_SOONER) continue;
      this.#detach(node, substream);
      this.#attach(node, giver, substream);
    }
  }

  /** Who passes a sub-stream on takes a place near the server of one who does not, and that one comes behind. */
  #promote(node: LeaseNode): void {
    const { home } = node;
    if (node.parent[home] === NOBODY || node.units === 0) return;
    const givers = [this.#nodes.get(SERVER_ROW)!];
    for (let look = 0; look < CANDIDATES && look < givers.length; look++) {
      const giver = givers[look]!;
      if (giver.delayMs[home]! + HOP_MS >= node.delayMs[home]! * CLEARLY_SOONER) continue;
      for (const row of giver.children[home]!) {
        const other = this.#nodes.get(row)!;
        if (other === node) continue;
        if (other.home === home || other.children[home]!.size > 0) {
          givers.push(other);
          continue;
        }
        if (other.delayMs[home]! > node.delayMs[home]! * CLEARLY_SOONER || !this.#options.mayMeet(giver.row, node.row))
          continue;
        this.#detach(other, home);
        this.#detach(node, home);
        this.#attach(node, giver, home);
        const next = this.#bestGiver(other, home);
        if (next) this.#attach(other, next, home);
        else this.#orphans.push({ row, substream: home });
        return;
      }
    }
  }

  /** Of some branches the one that comes latest. */
  #lateBranch(): { readonly node: LeaseNode; readonly substream: number } | undefined {
    const { substreams, random } = this.#options;
    let late: { node: LeaseNode; substream: number } | undefined;
    for (let look = 0; look < LOOKS; look++) {
      const node = this.#nodes.get(this.#rows.at(Math.floor(random() * this.#rows.size)))!;
      const substream = Math.floor(random() * substreams);
      if (node.parent[substream] === NOBODY) continue;
      if (!late || node.delayMs[substream]! > late.node.delayMs[late.substream]!) late = { node, substream };
    }
    return late;
  }

  #lease(giver: number, substream: number, nowMs: number): Lease {
    const below = (row: number) => this.#nodes.get(row)?.children[substream]?.size ?? 0;
    const takers = [...this.takersOf(giver, substream)].sort((one, other) => below(other) - below(one));
    return { giver, substream, takers, untilMs: nowMs + LEASE_MS };
  }

  #unitsOf(up: number): number {
    return Math.floor((up * PEER_SHARE * this.#options.substreams) / this.#options.streamBytesPerSecond);
  }

  #addNode(row: number, up: number, units: number): void {
    const { substreams, chunkBytes } = this.#options;
    const home = row === SERVER_ROW ? NOBODY : this.#poorestSubstream();
    const node = leaseNode({ row, home, units, sendMs: (chunkBytes / Math.max(up, 1)) * 1000, substreams });
    this.#nodes.set(row, node);
    if (row !== SERVER_ROW) this.#homeUnits[node.home]! += units;
    this.#refresh(node);
  }

  /** The sub-stream that the fewest can pass on. */
  #poorestSubstream(): number {
    let poorest = 0;
    for (const [substream, units] of this.#homeUnits.entries()) {
      if (units < this.#homeUnits[poorest]!) poorest = substream;
    }
    return poorest;
  }

  #refresh(node: LeaseNode): void {
    if (node.used < node.units) this.#open.add(node.row);
    else this.#open.delete(node.row);
  }

  /** The giver with room from which the sub-stream arrives soonest: of some, from a random place on. */
  #bestGiver(node: LeaseNode, substream: number): LeaseNode | undefined {
    const { size } = this.#open;
    // Each sub-stream has the same number of places at the server, so that none is ever without.
    const placesEach = Math.floor(this.#nodes.get(SERVER_ROW)!.units / this.#options.substreams);
    const start = Math.floor(this.#options.random() * size);
    let best: LeaseNode | undefined;
    let bestMs = Number.POSITIVE_INFINITY;
    const consider = (row: number) => {
      const giver = this.#nodes.get(row)!;
      if (row === SERVER_ROW && giver.children[substream]!.size >= placesEach) return;
      const arrivesMs = arrivalMs(giver, substream) + awayMs(giver, substream);
      if (arrivesMs >= bestMs || !this.#mayGive(giver, node, substream)) return;
      best = giver;
      bestMs = arrivesMs;
    };
    for (let look = 0; look < Math.min(size, CANDIDATES); look++) consider(this.#open.at((start + look) % size));
    if (this.#open.has(SERVER_ROW)) consider(SERVER_ROW);
    return best;
  }

  /** Not to itself, not from below it, and only from where the sub-stream arrives. */
  #mayGive(giver: LeaseNode, node: LeaseNode, substream: number): boolean {
    if (giver === node || !this.#options.mayMeet(giver.row, node.row)) return false;
    let at = giver.row;
    while (at > SERVER_ROW && at !== node.row) at = this.#nodes.get(at)!.parent[substream]!;
    return at === SERVER_ROW;
  }

  /** Takes the place of a peer that passes nothing on, and pushes to that one. */
  #displace(node: LeaseNode, substream: number): boolean {
    if (this.#takeLeafPlace(node, substream)) return true;
    if (node.used >= node.units) return false;
    for (const giver of this.#nodes.values()) {
      if (!this.#mayGive(giver, node, substream)) continue;
      for (const row of giver.children[substream]!) {
        const other = this.#nodes.get(row)!;
        if (other.units >= node.units || other.children[substream]!.size > 0) continue;
        if (!this.#options.mayMeet(node.row, row) || row === node.row) continue;
        this.#detach(other, substream);
        this.#attach(node, giver, substream);
        this.#attach(other, node, substream);
        return true;
      }
    }
    return false;
  }

  /** Who passes the sub-stream on takes the place of one who does not; that one finds another giver. */
  #takeLeafPlace(node: LeaseNode, substream: number): boolean {
    if (node.children[substream]!.size === 0) return false;
    for (const giver of this.#nodes.values()) {
      if (giver.used === 0 || !this.#mayGive(giver, node, substream)) continue;
      for (let other = 0; other < this.#options.substreams; other++) {
        for (const row of giver.children[other]!) {
          const leaf = this.#nodes.get(row)!;
          if (leaf === node || leaf.children[other]!.size > 0) continue;
          if (giver.row === SERVER_ROW && other !== substream) continue;
          this.#detach(leaf, other);
          this.#orphans.push({ row, substream: other });
          this.#attach(node, giver, substream);
          return true;
        }
      }
    }
    return false;
  }

  #attach(node: LeaseNode, giver: LeaseNode, substream: number): void {
    giver.children[substream]!.add(node.row);
    giver.used++;
    node.parent[substream] = giver.row;
    this.#estimate(giver, substream);
    this.#changed.add(`${giver.row} ${substream}`);
    this.#refresh(giver);
  }

  /** Estimates the delay of all below a giver anew. */
  #estimate(giver: LeaseNode, substream: number): void {
    const children = giver.children[substream]!;
    const delayMs = takersDelayMs(giver, substream);
    for (const row of children) {
      const child = this.#nodes.get(row)!;
      child.delayMs[substream] = delayMs;
      this.#estimate(child, substream);
    }
  }

  #detach(node: LeaseNode, substream: number): void {
    const giver = this.#nodes.get(node.parent[substream]!);
    node.parent[substream] = NOBODY;
    if (!giver?.children[substream]?.delete(node.row)) return;
    giver.used--;
    this.#estimate(giver, substream);
    this.#changed.add(`${giver.row} ${substream}`);
    this.#refresh(giver);
  }
}
