import { FlowQueue, type PacketSink } from './flow-queue.ts';
import { periodNs } from './grid.ts';
import type { WorkerFlow } from './messages.ts';
import { RingReader } from './ring.ts';
import type { PaceSession } from './session.ts';

/** Takes a packet within the call: see `FlowSocket`. */
export interface PacketSocket {
  send(packet: Buffer): void;
  close(): void;
}

/** A flow in the pacing thread: its queue, and its sockets, through which it counts what goes. */
export class Lane<Socket extends PacketSocket = PacketSocket> implements PacketSink {
  readonly grid: number;
  readonly sockets: readonly Socket[];
  readonly #flow: number;
  readonly #isSparse: boolean;
  readonly #queue: FlowQueue;
  readonly #periodNs: number;
  readonly #session: PaceSession;
  #ready: Buffer | undefined;
  /** When the ready packet went to each socket. */
  readonly #sentNs: Float64Array;

  /** @param index the flow's number in the statistics. The sockets are the lane's from now on. */
  constructor(session: PaceSession, flow: WorkerFlow, index: number, sockets: readonly Socket[]) {
    this.grid = flow.grid;
    this.sockets = sockets;
    this.#flow = index;
    this.#isSparse = flow.isSparse;
    this.#session = session;
    this.#sentNs = new Float64Array(sockets.length);
    this.#periodNs = periodNs(session.schedule.periods[flow.grid]!);
    this.#queue = new FlowQueue(new RingReader(flow.ring, flow.shape), flow.rtp, this, Math.ceil(session.catchUpRate));
  }

  /** True when everything was sent and nothing will come. */
  get isOver(): boolean {
    return this.#queue.isOver;
  }

  /** Makes the packet of the slot that comes next ready, so that only sending is left for its instant. */
  prepare(slot: number): void {
    this.#ready = this.#queue.prepare(slot);
  }

  /** Sends what is ready; `serve` follows. */
  sendReady(): void {
    if (this.#ready === undefined) return;
    for (let index = 0; index < this.sockets.length; index++) {
      this.sockets[index]!.send(this.#ready);
      this.#sentNs[index] = this.#session.nowNs();
    }
  }

  /** Counts what was ready, and sends what else is due at `slot`. */
  serve(slot: number): void {
    const { statistics } = this.#session;
    if (this.#queue.isOver) return;
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready !== undefined) {
      const dueNs = this.#dueNs(0);
      for (let index = 0; index < this.#sentNs.length; index++) {
        statistics.countSent(this.#flow, ready.length, this.#sentNs[index]! - dueNs);
      }
    }
    if (!this.#queue.serve(slot, ready !== undefined) && !this.#isSparse) statistics.countUnderrun(this.#flow);
    statistics.setNextSlot(this.#flow, slot + 1);
  }

  /** For the queue. */
  send(packet: Buffer, slotsLate: number): void {
    const session = this.#session;
    const dueNs = this.#dueNs(slotsLate);
    for (let index = 0; index < this.sockets.length; index++) {
      this.sockets[index]!.send(packet);
      session.statistics.countSent(this.#flow, packet.length, session.nowNs() - dueNs);
    }
  }

  close(): void {
    for (const socket of this.sockets) socket.close();
  }

  #dueNs(slotsLate: number): number {
    return this.#session.schedule.takenIdealNs - slotsLate * this.#periodNs;
  }
}
