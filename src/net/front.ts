import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { reasonOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { cleanText } from '../core/text.ts';
import type { FrontHandle, ListenAddress, ListenerMount, ShoutcastMount, SourceMount } from '../modules/network.ts';
import { parseBasicAuth } from '../protocols/http/basic-auth.ts';
import { HeadError } from '../protocols/http/head-error.ts';
import type { ReadHead } from '../protocols/http/head-reader.ts';
import type { Header } from '../protocols/http/head-writer.ts';
import { splitTarget, type Target } from '../protocols/http/target.ts';
import type { AddressMatcher } from './address.ts';
import { answerAndClose, capabilitiesAnswer, jsonAnswer, preflightAnswer, refusalAnswer } from './answers.ts';
import type { CertificateFiles } from './certificate/certificate-files.ts';
import { type Client, peerAddress, resolveClient } from './client-address.ts';
import type { FailureLimiter } from './failure-limiter.ts';
import { FrontRequest } from './front-request.ts';
import { type ConnectionCounters, Gate, type PortLimits, type RefusalReason } from './gate.ts';
import { HeadConnection, type HeadHandlers } from './head-connection.ts';
import type { HttpSide } from './http-side.ts';
import { listenOn } from './listen.ts';
import { MountTable } from './mount-table.ts';
import { ShoutcastPort } from './shoutcast-port.ts';
import { TlsSide } from './tls-side.ts';

const HEAD_TIMEOUT_MS = 10_000;
const REUSE_TIMEOUT_MS = 15_000;
/** Answers that wait for a client; who asks on without reading them is cut off. */
const MAX_UNREAD_BYTES = 64 * 1024;
/** Mounts that are not there, of which the log tells. */
const MAX_TOLD_MOUNTS = 20;
const EMPTY = Buffer.alloc(0);

/** What a front shares with its network. */
export interface FrontOptions {
  readonly tls: CertificateFiles | undefined;
  readonly aliases: ReadonlyMap<string, string>;
  readonly trustedProxies: AddressMatcher;
  readonly denied: AddressMatcher;
  /** Lower-case parts of user agents that are refused at mounts. */
  readonly deniedAgents: readonly string[];
  readonly limits: PortLimits;
  readonly http: HttpSide;
  readonly failures: FailureLimiter;
  readonly counters: ConnectionCounters;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A request that was admitted. */
interface Admitted {
  readonly socket: Socket;
  readonly read: ReadHead;
  readonly target: Target;
  /** After aliases. */
  readonly path: string;
  readonly client: Client;
}

/**
 * One port for sources, players, pages and the API, plain and TLS: reads each request's head itself, gives the
 * connection to the mount of that path, and all else to node:http with its bytes untouched.
 */
export class Front implements FrontHandle {
  readonly mounts = new MountTable();
  readonly #toldMounts = new Set<string>();
  readonly #options: FrontOptions;
  readonly #gate: Gate;
  readonly #server: Server;
  readonly #handlers: HeadHandlers;
  readonly #reuseHandlers: HeadHandlers;
  #tls: TlsSide | undefined;
  #shoutcast: ShoutcastPort | undefined;
  #address: ListenAddress;

  private constructor(address: ListenAddress, options: FrontOptions) {
    this.#address = address;
    this.#options = options;
    this.#gate = new Gate(options.limits, options.counters);
    this.#server = createServer({ noDelay: true, keepAlive: true });
    this.#server.on('connection', (socket) => this.#onConnection(socket));
    this.#reuseHandlers = {
      onHead: (socket, read) => this.#onHead(socket, read),
      onBadHead: (socket, error) => this.#refuse(socket, badHead(error)),
      onTimeout: (socket) => socket.destroy(),
    };
    this.#handlers = {
      ...this.#reuseHandlers,
      onTls: (socket, first) => this.#onTls(socket, first),
      onTimeout: (socket, begun) => this.#onTimeout(socket, begun),
    };
  }

  /** Opens the port. Rejects with PORT_IN_USE and the like, or TLS_UNUSABLE. */
  static async open(address: ListenAddress, options: FrontOptions): Promise<Front> {
    const front = new Front(address, options);
    front.#openTls();
    try {
      front.#address = await listenOn(front.#server, address);
    } catch (error) {
      front.#tls?.close();
      throw error;
    }
    front.#server.on('error', (error) => {
      if (options.counters.refuse('accept-failed') === 1) {
        options.log.error(`A connection could not be accepted: ${reasonOf(error)}`);
      }
    });
    return front;
  }

  get address(): ListenAddress {
    return this.#address;
  }

  claimListener(mount: ListenerMount): () => void {
    return this.mounts.claimListener(mount);
  }

  claimSource(mount: SourceMount): () => void {
    return this.mounts.claimSource(mount);
  }

  claimJson(paths: readonly string[], make: () => unknown): () => void {
    return this.mounts.claimJson(paths, make);
  }

  claimShoutcast(mount: ShoutcastMount): Promise<() => void> {
    const { host, port } = this.#address;
    this.#shoutcast ??= new ShoutcastPort({ ...this.#options, address: { host, port: port + 1 }, gate: this.#gate });
    return this.#shoutcast.claim(mount);
  }

  /** Reads the next request of a connection; its answer is complete. */
  waitAgain(socket: Socket, rest: Buffer): void {
    if (socket.writableLength > MAX_UNREAD_BYTES) {
      this.#options.counters.refuse('slow-reader');
      socket.destroy();
      return;
    }
    if (rest.length > 0) socket.unshift(rest);
    new HeadConnection(socket, {
      clock: this.#options.clock,
      timeoutMs: REUSE_TIMEOUT_MS,
      handlers: this.#reuseHandlers,
    });
  }

  /** Ends everything at once, also connections that were handed over. */
  close(): void {
    this.#server.close();
    this.#shoutcast?.close();
    this.#tls?.close();
    this.#gate.destroyAll();
  }

  #openTls(): void {
    const { tls, clock, log, counters } = this.#options;
    if (!tls) return;
    this.#tls = new TlsSide({
      certificate: tls,
      clock,
      log,
      onSecure: (socket) => this.#readHead(socket),
      onFailed: () => counters.refuse('failed-tls'),
    });
  }

  #onConnection(socket: Socket): void {
    const peer = peerAddress(socket);
    const reason = this.#gate.admit(socket, peer, this.#options.trustedProxies.has(peer));
    if (reason) this.#refuse(socket, { reason, status: 503, text: 'Too many connections.' });
    else this.#readHead(socket);
  }

  #readHead(socket: Socket): void {
    const isTls = 'encrypted' in socket;
    new HeadConnection(socket, {
      clock: this.#options.clock,
      timeoutMs: HEAD_TIMEOUT_MS,
      handlers: isTls ? this.#reuseHandlers : this.#handlers,
    });
  }

  #onTls(socket: Socket, first: Buffer): void {
    if (this.#tls) {
      this.#tls.accept(socket, first);
      return;
    }
    this.#options.counters.refuse('no-tls');
    socket.destroy();
  }

  #onTimeout(socket: Socket, begun: boolean): void {
    this.#options.counters.refuse('slow-head');
    if (begun) answerAndClose(socket, refusalAnswer(408, 'The request came too slowly.'), this.#options.clock);
    else socket.destroy();
  }

  #onHead(socket: Socket, read: ReadHead): void {
    try {
      const target = splitTarget(read.head.target);
      const { trustedProxies, aliases } = this.#options;
      const client = resolveClient(peerAddress(socket), 'encrypted' in socket, read.head.headers, trustedProxies);
      const path = aliases.get(target.path) ?? target.path;
      const refusal = this.#route({ socket, read, target, client, path });
      if (refusal) this.#refuse(socket, refusal);
    } catch (error) {
      if (error instanceof HeadError) this.#refuse(socket, badHead(error));
      else this.#onCrash(socket, error);
    }
  }

  /** One broken request ends one connection, not the port. */
  #onCrash(socket: Socket, error: unknown): void {
    this.#options.log.error(`Answering a request failed: ${reasonOf(error)}`);
    socket.destroy();
  }

  /** Hands the request over, or says why it is refused. */
  #route(request: Admitted): Refusal | undefined {
    if (this.#options.denied.has(request.client.address)) return DENIED;
    const { method } = request.read.head;
    if (method === 'PUT' || method === 'SOURCE') return this.#toSource(request);
    if (method === 'GET' || method === 'HEAD') return this.#toListener(request);
    if (method === 'OPTIONS') this.#toOptions(request);
    else this.#toHttp(request);
    return undefined;
  }

  #toSource(request: Admitted): Refusal | undefined {
    const { read, client, path } = request;
    const mount = this.mounts.findSource(path);
    if (!mount) return this.#unknownMount(client.address, path);
    if (this.#isDeniedAgent(read)) return DENIED;
    const { failures } = this.#options;
    const authorization = read.head.headers.get('authorization');
    if (authorization !== undefined) {
      if (failures.isBlocked(client.address)) return TOO_MANY_FAILURES;
      const credentials = parseBasicAuth(authorization);
      const isRight = credentials !== undefined && mount.checkCredentials(credentials.user, credentials.password);
      if (!isRight) failures.count(client.address);
    }
    mount.accept(this.#requestOf(request, path));
    return undefined;
  }

  #toListener(request: Admitted): Refusal | undefined {
    const { socket, read, client, path } = request;
    const makeJson = this.mounts.findJson(path);
    const found = makeJson ? undefined : this.mounts.findListener(path);
    if (found) {
      if (this.#isDeniedAgent(read)) return DENIED;
      if (!this.#gate.admitListener(socket, client.address)) return TOO_MANY_LISTENERS;
      found.mount.accept(this.#requestOf(request, found.path));
    } else if (makeJson) answerAndClose(socket, jsonAnswer(read.head.method, makeJson()), this.#options.clock);
    else this.#toHttp(request);
    return undefined;
  }

  #toOptions(request: Admitted): void {
    const { socket, read, path } = request;
    const isMount =
      path !== '*' && (this.mounts.findListener(path) !== undefined || this.mounts.findSource(path) !== undefined);
    if (path === '*' || isMount) {
      const keepAlive = allowsNextRequest(read);
      const answer = isMount ? preflightAnswer(keepAlive) : capabilitiesAnswer(keepAlive);
      if (keepAlive) {
        socket.write(answer);
        this.waitAgain(socket, read.rest);
      } else answerAndClose(socket, answer, this.#options.clock);
    } else this.#toHttp(request);
  }

  #toHttp({ socket, read, client }: Admitted): void {
    this.#options.http.accept(socket, read.raw, read.rest, client);
  }

  #requestOf({ socket, read, target, client }: Admitted, path: string): FrontRequest {
    const { head, rest } = read;
    return new FrontRequest({
      head,
      path,
      query: target.query,
      socket,
      rest: rest.length > 0 ? rest : EMPTY,
      client,
      owner: this,
    });
  }

  /** Told once for a path, so that neither an encoder that tries again nor a stranger who tries paths fills the log. */
  #unknownMount(address: string, path: string): Refusal {
    if (this.#toldMounts.size < MAX_TOLD_MOUNTS && !this.#toldMounts.has(path)) {
      this.#toldMounts.add(path);
      const known = this.mounts.sources.map(({ mount }) => mount).join(', ') || 'none';
      const message = `a source at ${address} was refused: there is no mount ${cleanText(path, 100)} for sources`;
      this.#options.log.warn(`${message}; there is: ${cleanText(known, 300)}`);
    }
    return UNKNOWN_MOUNT;
  }

  #isDeniedAgent(read: ReadHead): boolean {
    const agent = read.head.headers.get('user-agent')?.toLowerCase() ?? '';
    return this.#options.deniedAgents.some((part) => agent.includes(part));
  }

  #refuse(socket: Socket, { reason, status, text, headers }: Refusal): void {
    this.#options.counters.refuse(reason);
    answerAndClose(socket, refusalAnswer(status, text, headers), this.#options.clock);
  }
}

/** Why a request is turned away, and how it is told. */
interface Refusal {
  readonly reason: RefusalReason;
  readonly status: number;
  readonly text: string;
  readonly headers?: readonly Header[];
}

const DENIED: Refusal = { reason: 'denied', status: 403, text: 'Not allowed.' };
const UNKNOWN_MOUNT: Refusal = { reason: 'unknown-mount', status: 404, text: 'There is no such mount for sources.' };
const TOO_MANY_LISTENERS: Refusal = {
  reason: 'listeners-per-address',
  status: 403,
  text: 'There are too many listeners at your address.',
};
const TOO_MANY_FAILURES: Refusal = {
  reason: 'too-many-failures',
  status: 429,
  text: 'Too many wrong passwords; try again later.',
  headers: [['Retry-After', '60']],
};

function badHead(error: HeadError): Refusal {
  return { reason: 'bad-head', status: error.status, text: `Bad request: ${error.message}.` };
}

/** True when the connection can carry another request after this one, which then has no body. */
function allowsNextRequest({ head: { headers, version } }: ReadHead): boolean {
  const hasBody = headers.has('transfer-encoding') || (headers.get('content-length') ?? '0') !== '0';
  return version === 'HTTP/1.1' && !hasBody && !/\bclose\b/i.test(headers.get('connection') ?? '');
}
