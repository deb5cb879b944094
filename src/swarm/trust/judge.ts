import type { Swarm } from '../schedule/swarm.ts';
import { TrustLedger } from './trust-ledger.ts';

/** Transfers at a time of a giver that nobody confirmed yet, or about which somebody complained. */
const PROBATION = 1;

/**
 * Turns receipts into limits of the scheduler: who is new or suspected gives one chunk at a time, so that it does
 * little harm before it is known; who was convicted gives nothing; and the two of a complaint never meet again.
 */
export class Judge {
  readonly ledger = new TrustLedger();
  readonly #swarm: Swarm;
  readonly #ids = new Map<number, string>();

  constructor(swarm: Swarm) {
    this.#swarm = swarm;
  }

  /** A peer has joined. `id` outlives its connection: a key, or an account. */
  join(row: number, id: string, prefix?: number): void {
    this.#ids.set(row, id);
    this.ledger.add(id, prefix);
    this.#limit(row);
  }

  /** A peer has left; what is known of it stays. */
  leave(row: number): void {
    this.#ids.delete(row);
  }

  /** The taker confirmed a chunk of the giver by its hash. */
  confirmed(giver: number, taker: number): void {
    const [from, to] = [this.#ids.get(giver), this.#ids.get(taker)];
    if (from === undefined || to === undefined) return;
    const before = this.ledger.standing(from);
    this.ledger.confirmed(from, to);
    if (this.ledger.standing(from) !== before) this.#limit(giver);
  }

  /** The taker says that a chunk of the giver was wrong. Answers whether the complaint counts. */
  complained(giver: number, taker: number): boolean {
    const [from, to] = [this.#ids.get(giver), this.#ids.get(taker)];
    if (from === undefined || to === undefined) return false;
    const { believed } = this.ledger.complained(from, to);
    if (believed) this.#swarm.avoid(giver, taker);
    this.#limit(giver);
    return believed;
  }

  #limit(row: number): void {
    const id = this.#ids.get(row);
    if (id === undefined) return;
    const standing = this.ledger.standing(id);
    if (standing === 'trusted') this.#swarm.limitGiving(row, Number.POSITIVE_INFINITY);
    else this.#swarm.limitGiving(row, standing === 'convicted' ? 0 : PROBATION);
  }
}
