import type { FlowPart, FlowRange, RangeAccount, SoundPiece } from '../../protocols/repair/messages.ts';
import { type OfferedFlows, RepairClient, type RepairClientOptions, RepairRefused } from './repair-client.ts';

/** What can be asked of the sender of a take: over one connection or several. */
export type RepairSource = Pick<RepairClient, 'flows' | 'account' | 'sound'>;

/** Requests for sound that are under way on a connection. When all have as many, another one is opened. */
const BUSY = 6;
const MAX_FAILED = 2;

/**
 * Connections to one sender. On a line that loses packets each TCP connection is slow by itself, so sound is asked for
 * over several at once; they are opened when there is enough to ask for. When one ends, its requests go over the others.
 */
export class RepairConnections implements RepairSource {
  readonly #options: RepairClientOptions;
  readonly #most: number;
  #clients: RepairClient[];
  #isOpening = false;
  #failed = 0;
  #isClosed = false;
  #waiting: (() => void)[] = [];

  private constructor(first: RepairClient, options: RepairClientOptions, most: number) {
    this.#clients = [first];
    this.#options = options;
    this.#most = most;
  }

  /** Rejects as `RepairClient.open`. */
  static async open(options: RepairClientOptions, most: number): Promise<RepairConnections> {
    return new RepairConnections(await RepairClient.open(options), options, most);
  }

  /** How many there are. */
  get count(): number {
    return this.#clients.length;
  }

  /** As `RepairClient.flows`. */
  flows(): Promise<OfferedFlows> {
    return this.#over((client) => client.flows());
  }

  /** As `RepairClient.account`. */
  account(range: FlowRange, position: number): Promise<RangeAccount> {
    return this.#over((client) => client.account(range, position));
  }

  /** As `RepairClient.sound`. */
  async sound(part: FlowPart, pieces: readonly SoundPiece[], frameBytes: number): Promise<Buffer> {
    while (this.#clients.every(({ busy }) => busy >= BUSY)) {
      this.#openAnother();
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
    try {
      return await this.#over((client) => client.sound(part, pieces, frameBytes));
    } finally {
      this.#release();
    }
  }

  /** Says that nothing more is needed, and ends all. */
  async done(): Promise<void> {
    await this.#clients[0]?.done();
    this.close();
  }

  close(): void {
    this.#isClosed = true;
    for (const client of this.#clients) client.close();
  }

  async #over<T>(ask: (client: RepairClient) => Promise<T>): Promise<T> {
    for (;;) {
      const client = this.#clients.reduce((one, other) => (other.busy < one.busy ? other : one));
      try {
        return await ask(client);
      } catch (error) {
        if (error instanceof RepairRefused) throw error;
        const others = this.#clients.filter((other) => other.isOpen);
        if (others.length === 0) throw error;
        this.#clients = others;
      }
    }
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #openAnother(): void {
    if (this.#isOpening || this.#clients.length >= this.#most || this.#failed >= MAX_FAILED) return;
    this.#isOpening = true;
    RepairClient.open(this.#options)
      .then(
        (client) => {
          if (this.#isClosed) client.close();
          else this.#clients.push(client);
          this.#release();
        },
        // One connection is enough.
        () => {
          this.#failed += 1;
        },
      )
      .finally(() => {
        this.#isOpening = false;
      });
  }
}
