/** Who has something to write to many sockets. */
export interface Sender {
  /**
   * Writes to at most `most` sockets.
   * @returns how many of these writes it did not need, or undefined when there is more to write
   */
  send(most: number): number | undefined;
  /** Its `send` threw: it is not asked again, and the others write on. */
  failed(error: unknown): void;
}

/** Writes in one go before other events get their turn: some 1.5 ms. */
const SLICE = 100;

const waiting: Sender[] = [];

/**
 * Lets a sender write when all that can be read now has been read. The senders of a process take turns on its one event
 * loop: audio of hundreds of streams that came together is written in one go, which costs the kernel and the caches
 * less than a stream at a time between reads, and whoever joins meanwhile waits for one slice and not for all of them.
 * A sender that is waiting must not be added again.
 */
export function sendSoon(sender: Sender): void {
  waiting.push(sender);
  if (waiting.length === 1) setImmediate(sendSlice);
}

function sendSlice(): void {
  let left: number | undefined = SLICE;
  let done = 0;
  while (left !== undefined && done < waiting.length) {
    const sender: Sender = waiting[done++]!;
    try {
      left = sender.send(left);
      if (left === undefined) done--;
    } catch (error) {
      sender.failed(error);
    }
  }
  waiting.splice(0, done);
  if (waiting.length > 0) setImmediate(sendSlice);
}
