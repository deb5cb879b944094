import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import { decodeRepairRequest, encodeRepairAnswer, type RepairRequest } from '../../protocols/repair/messages.ts';
import { type ServerCredentials, senderGreeting } from './greetings.ts';
import { RateLimit } from './rate-limit.ts';
import { RepairService, type ServedSession } from './repair-service.ts';
import { type ByteStream, SecureStream } from './secure-stream.ts';
import { Turns } from './turns.ts';

/** Whom a sender serves, and how fast. */
export interface RepairDeskOptions {
  readonly credentials: ServerCredentials;
  readonly clock: Clock;
  /** For all recorders together; undefined: no limit. */
  readonly maxBytesPerSecond?: number | undefined;
  /** Why a connection ended that was no recorder's, for a log; at most ten times. */
  readonly onProblem?: ((text: string) => void) | undefined;
}

type Question = Exclude<RepairRequest, { kind: 'done' }>;

/** Of all recorders together; each may have some at once. */
export const MAX_CONNECTIONS = 128;
const MAX_CONNECTIONS_OF_AN_ADDRESS = 32;
const MAX_QUEUED_REQUESTS = 64;
const MAX_RECORDERS = 1024;
const MAX_PROBLEMS = 10;
const SILENCE_MS = 60_000;
const WORKING_MS = 15_000;
/** Answers that are read from the files at the same time: sending goes first. */
const SOUNDS_AT_ONCE = 4;
const HASHES_AT_ONCE = 1;

/**
 * Serves recorders on connections that are handed to it. Before `serve` their requests wait. Bounded in connections,
 * requests, work at the same time and, when asked, in rate.
 */
export class RepairDesk {
  readonly #options: RepairDeskOptions;
  readonly #rate: RateLimit;
  readonly #streams = new Map<SecureStream, string>();
  /** Recorders that have come and have not said that they need nothing more. */
  readonly #open = new Set<string>();
  readonly #served: Promise<RepairService>;
  readonly #sounds = new Turns(SOUNDS_AT_ONCE);
  readonly #hashes = new Turns(HASHES_AT_ONCE);
  #serve!: (service: RepairService) => void;
  #lastMs: number;
  #problems = 0;

  constructor(options: RepairDeskOptions) {
    this.#options = options;
    this.#rate = new RateLimit(options.clock, options.maxBytesPerSecond ?? Number.POSITIVE_INFINITY);
    this.#lastMs = options.clock.nowMs();
    this.#served = new Promise((resolve) => {
      this.#serve = resolve;
    });
  }

  /** From now on requests are answered. */
  serve(session: ServedSession): void {
    this.#serve(new RepairService(session));
  }

  /** How many recorders have come and may still need something. */
  get recorders(): number {
    return this.#open.size;
  }

  /** For how long nobody has asked for anything. */
  get quietMs(): number {
    return this.#options.clock.nowMs() - this.#lastMs;
  }

  /** Ends all connections. */
  close(): void {
    for (const stream of [...this.#streams.keys()]) stream.close('the sender ends');
  }

  /** Serves who is at the other end of a connection, which it owns from here on. */
  accept(socket: ByteStream, address: string): void {
    if (!this.#hasRoom(address)) {
      socket.destroy();
      return;
    }
    const { clock, credentials } = this.#options;
    const queue: RepairRequest[] = [];
    let recorder: string | undefined;
    let isWorking = false;
    const work = async () => {
      isWorking = true;
      for (let request = queue.shift(); request; request = queue.shift()) {
        if (queue.length < MAX_QUEUED_REQUESTS / 2) stream.hold(false);
        if (request.kind === 'done') this.#open.delete(recorder!);
        else await this.#answer(stream, request);
      }
      isWorking = false;
    };
    const stream = new SecureStream({
      socket,
      clock,
      silenceMs: SILENCE_MS,
      greeting: senderGreeting(credentials, clock, (id) => {
        recorder = id;
        if (this.#open.size < MAX_RECORDERS) this.#open.add(id);
      }),
      onMessage: (message) => {
        this.#lastMs = clock.nowMs();
        queue.push(decodeRepairRequest(message));
        if (queue.length >= MAX_QUEUED_REQUESTS) stream.hold(true);
        if (!isWorking) work().catch((error: unknown) => stream.close(reasonOf(error)));
      },
      onClose: (reason) => {
        queue.length = 0;
        this.#streams.delete(stream);
        if (recorder === undefined) this.#noteStranger(address, reason);
      },
    });
    this.#streams.set(stream, address);
  }

  #hasRoom(address: string): boolean {
    const sameAddress = [...this.#streams.values()].filter((other) => other === address).length;
    return this.#streams.size < MAX_CONNECTIONS && sameAddress < MAX_CONNECTIONS_OF_AN_ADDRESS;
  }

  #noteStranger(address: string, reason: string): void {
    if (this.#problems++ >= MAX_PROBLEMS) return;
    this.#options.onProblem?.(`repair: a connection from ${address} was refused: ${reason}`);
  }

  async #answer(stream: SecureStream, request: Question): Promise<void> {
    const { clock } = this.#options;
    const isWanted = () => this.#streams.has(stream);
    const { id } = request;
    const working = clock.every(WORKING_MS, () => void stream.send(encodeRepairAnswer({ kind: 'working', id })));
    try {
      const service = await this.#served;
      const turns = request.kind === 'account' ? this.#hashes : this.#sounds;
      const message = encodeRepairAnswer(await turns.take(() => service.answer(request, isWanted)));
      await this.#rate.take(message.length);
      if (isWanted()) await stream.send(message);
    } finally {
      working.cancel();
    }
    this.#lastMs = clock.nowMs();
  }
}
