/**
 * The loop of the pacing thread: waits until shortly before a slot, spins the rest, serves it. It stays in the loop
 * for some slots, because the event loop's turn between two slots costs time that a late slot does not have.
 * @module
 */
import type { Lane } from './lane.ts';
import { STOPPED } from './messages.ts';
import { NOTHING_DUE } from './schedule.ts';
import type { PaceSession } from './session.ts';

/** How the loop waits. */
export interface PaceLoopOptions {
  readonly session: PaceSession;
  readonly lanes: readonly Lane[];
  /** The word that stops it: see `WorkerSetup`. */
  readonly control: Int32Array;
  /** How long before a slot it stops sleeping. */
  readonly spinNs: number;
}

/** After this long the event loop has its turn, for the sockets' errors and results, when no slot is due. */
const TURN_NS = 20e6;
/** And after this long in any case. */
const MAX_TURN_NS = 200e6;

/** Serves the slots of a session. */
export class PaceLoop {
  readonly #session: PaceSession;
  /** By grid. */
  readonly #lanesOf: readonly (readonly Lane[])[];
  readonly #control: Int32Array;
  readonly #spinNs: number;

  constructor({ session, lanes, control, spinNs }: PaceLoopOptions) {
    this.#session = session;
    this.#lanesOf = session.schedule.periods.map((_, grid) => lanes.filter((lane) => lane.grid === grid));
    this.#control = control;
    this.#spinNs = spinNs;
  }

  /** Serves slots until the event loop should have its turn; then true. False when all is over, or it was stopped. */
  run(): boolean {
    const session = this.#session;
    const { schedule } = session;
    const beganNs = session.nowNs();
    for (;;) {
      const nextNs = schedule.nextNs();
      if (nextNs === Number.POSITIVE_INFINITY) return false;
      const sinceNs = session.nowNs() - beganNs;
      if (sinceNs >= MAX_TURN_NS || (sinceNs >= TURN_NS && nextNs > session.nowNs())) return !this.#isStopped;
      for (const lane of this.#lanesOf[schedule.nextGrid]!) lane.prepare(schedule.nextSlot);
      this.#waitUntil(nextNs);
      if (this.#isStopped) return false;
      const grid = schedule.take(session.nowNs());
      if (grid !== NOTHING_DUE) this.#serve(grid);
    }
  }

  get #isStopped(): boolean {
    return Atomics.load(this.#control, 0) === STOPPED;
  }

  /** Waits until `instantNs`, or until stopped. */
  #waitUntil(instantNs: number): void {
    const session = this.#session;
    for (;;) {
      const sleepNs = instantNs - session.nowNs() - this.#spinNs;
      if (sleepNs <= 0) break;
      Atomics.wait(this.#control, 0, 0, sleepNs / 1e6);
      if (this.#isStopped) return;
    }
    while (session.nowNs() < instantNs);
  }

  #serve(grid: number): void {
    const { schedule } = this.#session;
    const slot = schedule.takenSlot;
    const lanes = this.#lanesOf[grid]!;
    for (const lane of lanes) lane.sendReady();
    let isOver = true;
    for (const lane of lanes) {
      lane.serve(slot);
      isOver = isOver && lane.isOver;
    }
    if (isOver) schedule.end(grid);
  }
}
