import type { Clock } from '../../core/clock.ts';

/** Liars are not let in for so long, and so many are remembered. */
const LIAR_MS = 600_000;
const MAX_LIARS = 10_000;

/** Who lied about what it got: it would take the same chunks from everybody for ever. */
export class KnownLiars {
  readonly #clock: Clock;
  /** By trust id, until when. */
  readonly #untilMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(trustId: string): boolean {
    return (this.#untilMs.get(trustId) ?? 0) > this.#clock.nowMs();
  }

  add(trustId: string): void {
    this.#untilMs.delete(trustId);
    this.#untilMs.set(trustId, this.#clock.nowMs() + LIAR_MS);
    if (this.#untilMs.size > MAX_LIARS) this.#untilMs.delete(this.#untilMs.keys().next().value!);
  }
}
