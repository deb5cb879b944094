import { type ConductorMessage, decodeConductorMessage } from '../../protocols/swarm/conductor-messages.ts';
import { MessageSplitter } from '../../protocols/swarm/framing.ts';
import { encodePeerMessage, type PeerMessage, type Receipt } from '../../protocols/swarm/peer-messages.ts';
import { SEALED } from '../../protocols/swarm/sealed-records.ts';
import { type ConnectServerOptions, connectServer } from './connect-server.ts';
import { ControlChannel, type SecuredConnection } from './control-channel.ts';

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
  readonly #channel: ControlChannel;
  readonly #splitter = new MessageSplitter();
  #receipts: Receipt[] = [];
  #isClosed = false;

  private constructor(options: ConductorLineOptions, connection: SecuredConnection) {
    this.#options = options;
    this.#channel = new ControlChannel(connection, {
      onBytes: (bytes) => this.#read(bytes),
      onClose: (reason) => this.#end(reason ?? 'the server closed the connection'),
    });
  }

  /** Connects. Rejects as `connectServer`. */
  static async open(options: ConductorLineOptions): Promise<ConductorLine> {
    return new ConductorLine(options, await connectServer(options));
  }

  /** The address of the server's machine. */
  get serverAddress(): string {
    return this.#channel.remoteAddress ?? this.#options.url.host;
  }

  send(message: PeerMessage): void {
    if (!this.#isClosed) this.#channel.send(encodePeerMessage(message));
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
    this.#channel.send(encodePeerMessage({ type: 'bye' }));
    this.#channel.end();
    this.#options.clock.after(1000, () => this.#channel.destroy());
  }

  #tellReceipts(): void {
    const receipts = this.#receipts;
    this.#receipts = [];
    for (let at = 0; at < receipts.length; at += 512) {
      this.send({ type: 'receipts', receipts: receipts.slice(at, at + 512) });
    }
  }

  #read(bytes: Buffer): void {
    for (const message of this.#splitter.push(bytes)) {
      if (this.#isClosed) return;
      const said = decodeConductorMessage(message);
      if (said.type === 'welcome' && (said.capabilities & SEALED) !== 0) this.#channel.leaveTls('peer');
      this.#options.onMessage(said);
    }
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#channel.destroy();
    this.#options.onClose(reason);
  }
}
