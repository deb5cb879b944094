import type { Standing } from '../trust/trust-ledger.ts';
import type { Flow } from './network.ts';

/** What is fixed when a simulated listener joins. */
export interface LivePeerSetup {
  readonly row: number;
  readonly id: string;
  readonly member: number;
  readonly joinedMs: number;
  readonly upBytesPerSecond: number;
  readonly poisons: boolean;
  readonly lies: boolean;
  readonly substreams: number;
}

/** A simulated listener: what it has, to whom it pushes, and what it heard. */
export class LivePeer {
  readonly row: number;
  readonly id: string;
  readonly member: number;
  readonly joinedMs: number;
  readonly upBytesPerSecond: number;
  readonly poisons: boolean;
  readonly lies: boolean;
  /** By sub-stream, to whom it pushes. */
  readonly pushes: Set<number>[];
  /** Distinct chunks of which it sent wrong bytes. */
  readonly badChunks = new Set<number>();
  standing: Standing | undefined;
  gone = false;
  stalls = 0;
  /** The chunk that it plays next. */
  next = 0;
  readonly #coming = new Map<number, Coming[]>();
  readonly #chunks = new Set<number>();

  constructor(setup: LivePeerSetup) {
    this.row = setup.row;
    this.id = setup.id;
    this.member = setup.member;
    this.joinedMs = setup.joinedMs;
    this.upBytesPerSecond = setup.upBytesPerSecond;
    this.poisons = setup.poisons;
    this.lies = setup.lies;
    this.pushes = Array.from({ length: setup.substreams }, () => new Set());
  }

  has(chunk: number): boolean {
    return this.#chunks.has(chunk);
  }

  /** Somebody has begun to send a chunk, or has it in the queue. */
  expect(chunk: number, flow: Flow, giver: LivePeer | undefined): void {
    const coming = this.#coming.get(chunk) ?? [];
    this.#coming.set(chunk, coming);
    coming.push({ flow, giver });
  }

  expects(chunk: number): boolean {
    return this.#coming.has(chunk);
  }

  /** The link to a giver broke: what it was sending does not come. */
  lose(giver: LivePeer): void {
    for (const [chunk, coming] of this.#coming) {
      if (coming.every((one) => one.giver === giver)) this.#coming.delete(chunk);
    }
  }

  /** It has the chunk. Answers the flows that would bring it again. */
  keep(chunk: number): Flow[] {
    this.#chunks.add(chunk);
    const others = this.#coming.get(chunk) ?? [];
    this.#coming.delete(chunk);
    return others.map(({ flow }) => flow);
  }

  forget(chunk: number): void {
    this.#chunks.delete(chunk);
  }
}

/** A chunk on its way; the giver is undefined for the server. */
interface Coming {
  readonly flow: Flow;
  readonly giver: LivePeer | undefined;
}
