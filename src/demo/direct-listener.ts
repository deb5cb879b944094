/** Sound that a player keeps before it is silent. */
const PLAYER_BUFFER_MS = 2_000;
/** What a player needs after the line is back: notice, connect, fill its buffer enough to play. */
const RECONNECT_MS = 1_000;

/**
 * What a listener without a node in between would have missed on the same line. A
 * model, not a measurement: a player with a buffer of 2 s that plays again 1 s after the line is back.
 */
export class DirectListener {
  #lostMs = 0;

  /** An outage is over. */
  outageEnded(downMs: number): void {
    const silentMs = silenceOf(downMs);
    if (silentMs > 0) this.#lostMs += silentMs + RECONNECT_MS;
  }

  /** Silence heard so far; `currentDownMs` is the age of the outage that lasts now, 0 when there is none. */
  lostMs(currentDownMs = 0): number {
    return this.#lostMs + silenceOf(currentDownMs);
  }
}

function silenceOf(downMs: number): number {
  return Math.max(0, downMs - PLAYER_BUFFER_MS);
}
