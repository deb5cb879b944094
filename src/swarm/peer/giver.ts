import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { ListenAddress } from '../../modules/network.ts';
import { normalizeAddress } from '../../net/address.ts';
import { listenOnFirstFree } from '../../net/listen.ts';
import { HeadReader } from '../../protocols/http/head-reader.ts';
import { type ByteRange, rangeLength } from '../../protocols/pdtp/byte-range.ts';
import type { VerifyQuestion } from '../../protocols/pdtp/messages.ts';
import { type PeerRequest, readPeerRequest } from '../../protocols/pdtp/peer-request.ts';
import { encodePartialContent, encodeRefusal, type PeerRefusalStatus } from '../../protocols/pdtp/peer-response.ts';

/** The most bytes of one transfer: the largest chunk that is dealt with. */
export const MAX_CHUNK_BYTES = 16 * 2 ** 20;
/** How the ids begin that servers give themselves. */
export const SERVER_ID = 'server-';
const MAX_CALLERS = 512;
const HEAD_MS = 10_000;
const IDLE_MS = 20_000;
const PORTS_TRIED = 200;
const HIGHEST_PORT = 65_535;

/** What a giver is asked for: bytes; or why there are none. */
export type GiverBytes = Buffer | 'unknown' | 'not-held';

/** What a giver is made of. */
export interface GiverOptions {
  readonly clock: Clock;
  /** Port 0 is any; of another one the next that is free. */
  readonly listen: ListenAddress;
  /** Asks the coordinator; false also when it cannot be asked. `signal` aborts when the caller has gone. */
  readonly verify: (question: VerifyQuestion, signal: AbortSignal) => Promise<boolean>;
  readonly read: (url: string, range: ByteRange) => Promise<GiverBytes>;
  /** A caller that was authorized is done with, well or not. */
  readonly onGiven: (question: VerifyQuestion, bytes: number) => void;
}

/** Listens for peers that were sent here and gives them ranges: HTTP/1.1, one request a connection. */
export class Giver {
  readonly #options: GiverOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  private constructor(options: GiverOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = MAX_CALLERS;
  }

  /** Opens the port. Rejects as `listenOn` does. The caller closes it. */
  static async start(options: GiverOptions): Promise<Giver> {
    const { host, port } = options.listen;
    const last = port === 0 ? 0 : Math.min(HIGHEST_PORT, port + PORTS_TRIED);
    const giver = new Giver(options);
    giver.#port = (await listenOnFirstFree(giver.#server, { host, port }, last)).port;
    return giver;
  }

  get port(): number {
    return this.#port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    const gone = new AbortController();
    const reader = new HeadReader({ rawTarget: true });
    const timer = this.#options.clock.after(HEAD_MS, () => socket.destroy());
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      timer.cancel();
      this.#sockets.delete(socket);
      gone.abort();
    });
    const onData = (bytes: Buffer): void => {
      try {
        const read = reader.push(bytes);
        if (!read) return;
        timer.cancel();
        socket.off('data', onData);
        socket.on('data', () => {});
        socket.setTimeout(IDLE_MS, () => socket.destroy());
        const request = readPeerRequest(read.head);
        if ('status' in request) this.#refuse(socket, request.status, request.reason);
        else void this.#serve(socket, request, gone.signal).catch(() => socket.destroy());
      } catch {
        this.#refuse(socket, 400, 'Bad request');
      }
    };
    socket.on('data', onData);
  }

  async #serve(socket: Socket, request: PeerRequest, signal: AbortSignal): Promise<void> {
    const { url, range, peerId, method } = request;
    const peer = normalizeAddress(socket.remoteAddress ?? '');
    if (method !== 'GET') return this.#refuse(socket, 405, 'Invalid method');
    if (peer === undefined) return void socket.destroy();
    if (rangeLength(range) > MAX_CHUNK_BYTES) return this.#refuse(socket, 416, 'The range is too long');
    const question: VerifyQuestion = { url, range, peer, peerId };
    if (!(await this.#options.verify(question, signal))) return this.#refuse(socket, 403, 'Not authorized');
    let given = 0;
    try {
      const bytes = await this.#options.read(url, range);
      if (bytes === 'unknown') return this.#refuse(socket, 404, 'File not found');
      if (bytes === 'not-held') return this.#refuse(socket, 416, 'Range not held');
      if (await this.#send(socket, range, bytes)) given = bytes.length;
    } finally {
      this.#options.onGiven(question, given);
    }
  }

  #send(socket: Socket, range: ByteRange, bytes: Buffer): Promise<boolean> {
    return new Promise((resolve) => {
      socket.once('close', () => resolve(socket.writableFinished));
      socket.write(encodePartialContent(range, this.#date()));
      socket.end(bytes, () => resolve(true));
    });
  }

  #refuse(socket: Socket, status: PeerRefusalStatus, reason: string): void {
    if (!socket.destroyed) socket.end(encodeRefusal(status, reason, this.#date()));
  }

  #date(): string {
    return new Date(this.#options.clock.utcMs()).toUTCString();
  }
}
