import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../core/clock.ts';
import { stopReading } from '../../net/stop-reading.ts';

/** How long bytes may wait in the kernel; a chunk of 64 KiB takes several times as long on a line that needs a swarm. */
const PERIOD_MS = 25;

/**
 * Reads many sockets at common instants. On a slow line each packet would otherwise wake the process: the wakes, not the
 * bytes, are what giving and taking cost.
 */
export class ReadPacer {
  readonly #clock: Clock;
  readonly #goOn: (() => void)[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call it with what was read: the socket is read again at the next instant. Harmless while it waits already. */
  rest(socket: Socket): void {
    const goOn = stopReading(socket);
    if (!goOn) return;
    this.#goOn.push(goOn);
    this.#timer ??= this.#clock.after(PERIOD_MS, () => {
      this.#timer = undefined;
      for (const each of this.#goOn.splice(0)) each();
    });
  }
}
