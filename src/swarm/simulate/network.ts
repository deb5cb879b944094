import type { EventQueue } from './event-queue.ts';

/** Share of what a line sends that is TCP's payload, after Ethernet, IP and TCP heads. */
export const TCP_SHARE = 0.956;
/** Less what the uplink sends for others: acknowledgements of what comes in (2.2 %), receipts and orders (0.3 %). */
export const PAYLOAD_SHARE = TCP_SHARE * 0.975;
/** Bytes that TCP sends in its first round trip; each further one doubles them. */
const FIRST_WINDOW_BYTES = 14_600;
/** Flows of one sender that run at a time: the later ones use what the earlier ones leave. */
const ACTIVE_FLOWS = 4;
const MAX_ROUNDS = 64;

/** A line of one member, in bits a second on the wire. */
export interface LineRates {
  readonly upBitsPerSecond: number;
  readonly downBitsPerSecond: number;
}

/** Bytes under way. */
export interface Flow {
  readonly from: number;
  readonly to: number;
  leftBytes: number;
  /** Bytes per ms now, and the most that TCP's window allows. */
  rate: number;
  windowRate: number;
  updatedMs: number;
  /** Counts changes of the rate, so that an end that was foreseen before is not believed. */
  version: number;
  active: boolean;
  readonly done: () => void;
}

interface Member {
  up: number;
  down: number;
  readonly out: Flow[];
  readonly in: Set<Flow>;
}

/**
 * Access lines in the manner of the lab: each member has an uplink and a downlink, the middle is wide. A sender sends
 * its flows in order, a flow behind uses what those before it leave; at a receiver all flows share max-min fair. New
 * flows begin with TCP's first window.
 */
export class Network {
  readonly #queue: EventQueue;
  readonly #members: Member[] = [];
  readonly #oneWayMs: number;
  /** Payload bytes sent by each member. */
  readonly sentBytes: number[] = [];

  constructor(queue: EventQueue, oneWayMs: number) {
    this.#queue = queue;
    this.#oneWayMs = oneWayMs;
  }

  /** Answers the member's number, from 0. */
  add({ upBitsPerSecond, downBitsPerSecond }: LineRates): number {
    const perMs = PAYLOAD_SHARE / 8000;
    this.#members.push({ up: upBitsPerSecond * perMs, down: downBitsPerSecond * perMs, out: [], in: new Set() });
    return this.sentBytes.push(0) - 1;
  }

  /** Sends bytes after those that the sender has begun to send; `done` is called when the last one is there. */
  send(from: number, to: number, bytes: number, done: () => void): Flow {
    const windowRate = this.#oneWayMs > 0 ? FIRST_WINDOW_BYTES / (2 * this.#oneWayMs) : Number.POSITIVE_INFINITY;
    const { nowMs } = this.#queue;
    const flow: Flow = {
      from,
      to,
      leftBytes: bytes,
      rate: 0,
      windowRate,
      updatedMs: nowMs,
      version: 0,
      active: false,
      done,
    };
    this.#members[from]!.out.push(flow);
    this.#members[to]!.in.add(flow);
    this.#share(from);
    return flow;
  }

  /** All flows of a member end without arriving: it is gone. */
  cut(member: number): void {
    const { out, in: incoming } = this.#members[member]!;
    const others = new Set<number>();
    for (const flow of [...out, ...incoming]) {
      this.#advance(flow);
      this.#remove(flow);
      others.add(flow.from);
      for (const sharing of this.#members[flow.to]!.in) others.add(sharing.from);
    }
    for (const other of others) this.#share(other);
  }

  /** The receiver does not want it any more: nothing is sent if it has not begun. */
  cancel(flow: Flow): void {
    if (flow.version === 0 && !flow.active && this.#members[flow.to]!.in.has(flow)) this.#remove(flow);
  }

  #remove(flow: Flow): void {
    const { out } = this.#members[flow.from]!;
    out.splice(out.indexOf(flow), 1);
    this.#members[flow.to]!.in.delete(flow);
    flow.version++;
    flow.active = false;
  }

  #advance(flow: Flow): void {
    const { nowMs } = this.#queue;
    const bytes = Math.min(flow.leftBytes, flow.rate * (nowMs - flow.updatedMs));
    flow.leftBytes -= bytes;
    this.sentBytes[flow.from]! += bytes;
    flow.updatedMs = nowMs;
  }

  /** Shares the sender's uplink anew, and the downlinks that this changes, until nothing changes. */
  #share(sender: number): void {
    const waiting = [sender];
    for (let round = 0; round < MAX_ROUNDS && waiting.length > 0; round++) {
      const { up, out } = this.#members[waiting.shift()!]!;
      let left = up;
      let active = 0;
      for (const flow of [...out]) {
        if (active++ >= ACTIVE_FLOWS || left < up * 0.02) {
          if (flow.active) this.#setRate(flow, 0);
          flow.active = false;
          continue;
        }
        if (!flow.active) this.#activate(flow);
        const rate = this.#fairRate(flow, Math.min(left, flow.windowRate));
        const before = flow.rate;
        this.#setRate(flow, rate);
        left -= rate;
        if (rate > before) this.#squeeze(flow.to, waiting);
        else if (rate < before) this.#relax(flow, waiting);
      }
    }
  }

  #activate(flow: Flow): void {
    flow.active = true;
    if (flow.windowRate !== Number.POSITIVE_INFINITY) this.#widenLater(flow);
  }

  #widenLater(flow: Flow): void {
    this.#queue.after(2 * this.#oneWayMs, () => {
      if (!flow.active) return;
      flow.windowRate *= 2;
      this.#share(flow.from);
      if (flow.windowRate < this.#members[flow.from]!.up) this.#widenLater(flow);
    });
  }

  /** What the receiver's line has for the flow, which could use `cap`: max-min fair among what comes in. */
  #fairRate(flow: Flow, cap: number): number {
    const { down, in: incoming } = this.#members[flow.to]!;
    let sum = cap;
    for (const other of incoming) if (other !== flow) sum += other.rate;
    if (sum <= down) return cap;
    const demands = [cap];
    for (const other of incoming) if (other !== flow && other.active) demands.push(other.rate);
    return Math.min(cap, fairLevel(demands, down));
  }

  /** A flow to the receiver took more: those that now have too much are shared anew. */
  #squeeze(receiver: number, waiting: number[]): void {
    const { down, in: incoming } = this.#members[receiver]!;
    let sum = 0;
    for (const flow of incoming) sum += flow.rate;
    if (sum <= down * 1.0001) return;
    const level = fairLevel(
      [...incoming].map(({ rate }) => rate),
      down,
    );
    for (const flow of incoming) {
      if (flow.rate <= level) continue;
      this.#setRate(flow, level);
      waiting.push(flow.from);
    }
  }

  /** The flow takes less: others to the same receiver that were short may have more. */
  #relax(flow: Flow, waiting: number[]): void {
    const { down, in: incoming } = this.#members[flow.to]!;
    let sum = 0;
    for (const other of incoming) sum += other.rate;
    if (sum >= down * 0.999) return;
    for (const other of incoming) {
      if (other === flow || !other.active) continue;
      const cap = Math.min(other.windowRate, this.#members[other.from]!.up);
      if (other.rate < cap * 0.999 && other === this.#members[other.from]!.out[0]) waiting.push(other.from);
    }
  }

  #setRate(flow: Flow, rate: number): void {
    if (Math.abs(rate - flow.rate) <= 1e-9 * rate && flow.version > 0) return;
    this.#advance(flow);
    flow.rate = rate;
    const version = ++flow.version;
    if (rate <= 0) return;
    this.#queue.after(flow.leftBytes / rate, () => {
      if (flow.version === version) this.#end(flow);
    });
  }

  #end(flow: Flow): void {
    this.#advance(flow);
    const { from, to } = flow;
    this.#relax(flow, []);
    this.#remove(flow);
    this.#share(from);
    for (const sender of new Set([...this.#members[to]!.in].map((other) => other.from))) {
      if (sender !== from && this.#isShort(sender, to)) this.#share(sender);
    }
    this.#queue.after(this.#oneWayMs, flow.done);
  }

  #isShort(sender: number, receiver: number): boolean {
    const { up, out } = this.#members[sender]!;
    const first = out[0];
    return first?.to === receiver && first.rate < Math.min(up, first.windowRate) * 0.999;
  }
}

/** The level to which demands are cut so that together they are no more than `total`. */
function fairLevel(demands: readonly number[], total: number): number {
  const sorted = [...demands].sort((one, other) => one - other);
  let left = total;
  for (const [index, demand] of sorted.entries()) {
    const share = left / (sorted.length - index);
    if (demand > share) return share;
    left -= demand;
  }
  return Number.POSITIVE_INFINITY;
}
