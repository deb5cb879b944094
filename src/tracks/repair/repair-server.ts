import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import { listenOn } from '../../net/listen.ts';
import { decodeRepairRequest, encodeRepairAnswer, type RepairRequest } from '../../protocols/repair/messages.ts';
import { type ServerCredentials, senderGreeting } from './greetings.ts';
import { RateLimit } from './rate-limit.ts';
import { RepairService, type ServedSession } from './repair-service.ts';
import { SecureStream } from './secure-stream.ts';

/** How a sender serves what was lost. */
export interface RepairServerOptions {
  /** Undefined: all addresses. */
  readonly host?: string | undefined;
  /** 0: any free port. */
  readonly port: number;
  readonly credentials: ServerCredentials;
  readonly clock: Clock;
  /** For all recorders together; undefined: no limit. */
  readonly maxBytesPerSecond?: number | undefined;
  /** Why a connection ended that was no recorder's, for a log; at most ten times. */
  readonly onProblem?: (text: string) => void;
}

const MAX_CONNECTIONS = 64;
const MAX_CONNECTIONS_OF_AN_ADDRESS = 16;
const MAX_QUEUED_REQUESTS = 64;
const MAX_RECORDERS = 1024;
const MAX_PROBLEMS = 10;
const SILENCE_MS = 60_000;

/**
 * Serves the sound of a session to recorders, while it is sent and after. Before `serve` connections are accepted and
 * their requests wait. Bounded in connections, requests and, when asked, in rate.
 */
export class RepairServer {
  /** The port it got. */
  readonly port: number;
  readonly #server: Server;
  readonly #options: RepairServerOptions;
  readonly #rate: RateLimit;
  readonly #streams = new Map<SecureStream, string>();
  /** Recorders that have come and have not said that they need nothing more. */
  readonly #open = new Set<string>();
  readonly #served: Promise<RepairService>;
  #serve!: (service: RepairService) => void;
  #lastMs: number;
  #problems = 0;

  private constructor(server: Server, port: number, options: RepairServerOptions) {
    this.#server = server;
    this.#options = options;
    this.port = port;
    this.#rate = new RateLimit(options.clock, options.maxBytesPerSecond ?? Number.POSITIVE_INFINITY);
    this.#lastMs = options.clock.nowMs();
    this.#served = new Promise((resolve) => {
      this.#serve = resolve;
    });
    server.maxConnections = MAX_CONNECTIONS;
    server.on('connection', (socket) => this.#accept(socket));
    server.on('error', () => undefined);
  }

  /** Rejects with PORT_IN_USE, PORT_FORBIDDEN or ADDRESS_UNAVAILABLE. */
  static async open(options: RepairServerOptions): Promise<RepairServer> {
    const server = createServer();
    const { port } = await listenOn(server, { host: options.host ?? '::', port: options.port });
    return new RepairServer(server, port, options);
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
    this.#server.close();
    for (const stream of [...this.#streams.keys()]) stream.close('the sender ends');
  }

  #accept(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const sameAddress = [...this.#streams.values()].filter((other) => other === address).length;
    if (sameAddress >= MAX_CONNECTIONS_OF_AN_ADDRESS) {
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
        if (recorder === undefined && this.#problems++ < MAX_PROBLEMS) {
          this.#options.onProblem?.(`repair: a connection from ${address} was refused: ${reason}`);
        }
      },
    });
    this.#streams.set(stream, address);
  }

  async #answer(stream: SecureStream, request: Exclude<RepairRequest, { kind: 'done' }>): Promise<void> {
    const service = await this.#served;
    const isWanted = () => this.#streams.has(stream);
    const answer = await service.answer(request, isWanted);
    const message = encodeRepairAnswer(answer);
    await this.#rate.take(message.length);
    if (isWanted()) await stream.send(message);
    this.#lastMs = this.#options.clock.nowMs();
  }
}
