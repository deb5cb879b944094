import type { Clock } from '../../core/clock.ts';
import type { LinkChange, LinkStatus } from '../../modules/link.ts';

/** Whether the line to a peer is there, and since when. */
export class LineState {
  readonly peer: string;
  readonly #clock: Clock;
  readonly #tell: (change: LinkChange) => void;
  #state: LinkStatus['state'] = 'connecting';
  #sinceMs: number;
  #sinceUtcMs: number;
  #connects = 0;

  /** `tell` is called when the line comes or goes. */
  constructor(peer: string, clock: Clock, tell: (change: LinkChange) => void) {
    this.peer = peer;
    this.#clock = clock;
    this.#tell = tell;
    this.#sinceMs = clock.nowMs();
    this.#sinceUtcMs = clock.utcMs();
  }

  get state(): LinkStatus['state'] {
    return this.#state;
  }

  get sinceUtcMs(): number {
    return this.#sinceUtcMs;
  }

  /** Times that it came. */
  get connects(): number {
    return this.#connects;
  }

  /** A path lives, or none does. */
  set(isUp: boolean): void {
    if (isUp === (this.#state === 'up') || (!isUp && this.#state === 'connecting')) return;
    const isFirst = this.#state === 'connecting';
    const nowMs = this.#clock.nowMs();
    const afterMs = isFirst ? undefined : nowMs - this.#sinceMs;
    this.#state = isUp ? 'up' : 'down';
    this.#sinceMs = nowMs;
    this.#sinceUtcMs = this.#clock.utcMs();
    if (isUp) this.#connects++;
    this.#tell({ kind: isUp ? 'up' : 'down', peer: this.peer, afterMs });
  }
}
