import type { Clock, Timer } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { LinkChange } from '../../modules/link.ts';
import { spell } from '../../net/link/line-words.ts';
import type { SendStatus } from '../../protocols/link/session-types.ts';

/** What the other side lacks is known when it has asked for it. */
const ASKED_MS = 1000;
/** Less than this behind is live. */
const LIVE_WITHIN_MS = 1000;

/** What the words are made of. */
export interface LineLogOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** How much audio is kept. */
  keepMs(): number;
  /** The stream on the link to that peer. */
  send(peer: string): SendStatus | undefined;
}

interface Outage {
  timer: Timer | undefined;
  readonly skippedBytes: number;
}

/** Tells when a line that audio goes out by is down, and when it is back: how long, what is still to be sent, what was lost. */
export class LineLog {
  readonly #options: LineLogOptions;
  readonly #outages = new Map<string, Outage>();

  constructor(options: LineLogOptions) {
    this.#options = options;
  }

  change({ kind, peer, afterMs }: LinkChange): void {
    const { log, clock, keepMs, send } = this.#options;
    const outage = this.#outages.get(peer);
    outage?.timer?.cancel();
    if (kind === 'down') {
      const skippedBytes = outage?.skippedBytes ?? send(peer)?.skippedBytes ?? 0;
      this.#outages.set(peer, { timer: undefined, skippedBytes });
      log.warn(`line to ${peer} is down; ${spell(keepMs())} of audio are kept for it`);
    } else if (afterMs === undefined) {
      log.info(`line to ${peer} is up`);
    } else {
      const skippedBytes = outage?.skippedBytes ?? 0;
      const timer = clock.after(ASKED_MS, () => this.#tell(peer, afterMs, skippedBytes));
      this.#outages.set(peer, { timer, skippedBytes });
    }
  }

  close(): void {
    for (const { timer } of this.#outages.values()) timer?.cancel();
    this.#outages.clear();
  }

  #tell(peer: string, afterMs: number, skippedBefore: number): void {
    this.#outages.delete(peer);
    const { log, send } = this.#options;
    const status = send(peer);
    const head = `line to ${peer} is back after ${spell(afterMs)}`;
    // A count that began anew is of a session that began anew: it says nothing of before.
    const skipped = status ? Math.max(0, status.skippedBytes - skippedBefore) : 0;
    const backlog = backlogWords(status);
    if (skipped > 0) log.warn(`${head}; ${backlog}; ${Math.ceil(skipped / 1000)} kB were no longer kept`);
    else log.info(`${head}; ${backlog}; nothing was lost`);
  }
}

function backlogWords(status: SendStatus | undefined): string {
  if (!status?.isWanted) return 'the other side has not asked for the stream yet';
  if (status.lagMs < LIVE_WITHIN_MS) return 'all is sent';
  const { refillMs } = status;
  if (refillMs === undefined) return `it is ${spell(status.lagMs)} behind`;
  return `it is ${spell(status.lagMs)} behind and live again in ${spell(refillMs)}`;
}
