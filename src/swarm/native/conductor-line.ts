import type { TLSSocket } from 'node:tls';
import { ProtocolViolation, reasonOf } from '../../core/errors.ts';
import { type ConductorMessage, decodeConductorMessage } from '../../protocols/swarm/conductor-messages.ts';
import { MessageSplitter } from '../../protocols/swarm/framing.ts';
import { encodePeerMessage, type PeerMessage, type Receipt } from '../../protocols/swarm/peer-messages.ts';
import { type ConnectServerOptions, connectServer } from './connect-server.ts';

const KEEP_ALIVE_MS = 60_000;
/** Receipts wait so long for others. */
const BATCH_MS = 10;

/** Where the conductor is, and who listens to it. */
export interface ConductorLineOptions extends ConnectServerOptions {
  readonly onMessage: (message: ConductorMessage) => void;
  /** Once; the line is closed. */
  readonly onClose: (reason: string) => void;
}

/** A peer's connection with its conductor, which has proved who it is. */
export class ConductorLine {
  readonly #options: ConductorLineOptions;
  readonly #socket: TLSSocket;
  readonly #splitter = new MessageSplitter();
  #receipts: Receipt[] = [];
  #isClosed = false;

  private constructor(options: ConductorLineOptions, socket: TLSSocket) {
    this.#options = options;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', (error) => this.#end(reasonOf(error)));
    socket.on('close', () => this.#end('the server closed the connection'));
  }

  /** Connects. Rejects as `connectServer`. */
  static async open(options: ConductorLineOptions): Promise<ConductorLine> {
    const socket = await connectServer(options);
    return new ConductorLine(options, socket);
  }

  /** The address of the server's machine. */
  get serverAddress(): string {
    return this.#socket.remoteAddress ?? this.#options.url.host;
  }

  send(message: PeerMessage): void {
    if (!this.#isClosed) this.#socket.write(encodePeerMessage(message));
  }

  /** Tells what became of a transfer, together with what follows at once. */
  receipt(receipt: Receipt): void {
    this.#receipts.push(receipt);
    if (this.#receipts.length === 1) this.#options.clock.after(BATCH_MS, () => this.#tellReceipts());
  }

  close(): void {
    if (this.#isClosed) return;
    this.#tellReceipts();
    this.#isClosed = true;
    this.#socket.end(encodePeerMessage({ type: 'bye' }));
    this.#options.clock.after(1000, () => this.#socket.destroy());
  }

  #tellReceipts(): void {
    const receipts = this.#receipts;
    this.#receipts = [];
    for (let at = 0; at < receipts.length; at += 512) {
      this.send({ type: 'receipts', receipts: receipts.slice(at, at + 512) });
    }
  }

  #read(bytes: Buffer): void {
    try {
      for (const message of this.#splitter.push(bytes)) {
        if (this.#isClosed) return;
        this.#options.onMessage(decodeConductorMessage(message));
      }
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#end(`it broke the protocol: ${error.message}`);
    }
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    this.#options.onClose(reason);
  }
}
