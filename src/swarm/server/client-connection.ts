import type { Duplex } from 'node:stream';
import { type FileUrl, parseFileUrl } from '../../protocols/pdtp/file-url.ts';
import { ServerSession, type ServerSessionEvent } from '../../protocols/pdtp/server-session.ts';
import type { Coordinator } from '../coordinator/coordinator.ts';
import type { Member, MemberSetup } from '../coordinator/member.ts';
import type { SharedFile } from '../coordinator/shared-file.ts';

/** Messages of one client that wait for a file to be looked up; then it is read no further. */
const MAX_WAITING = 256;
/** A client that does not read what it is told. */
const MAX_UNSENT_BYTES = 4 * 2 ** 20;

/** What a connection needs of its server. */
export interface ClientConnectionOptions {
  readonly stream: Duplex;
  readonly coordinator: Coordinator;
  /** The file that a URL names; undefined when there is none here. */
  readonly find: (url: FileUrl) => Promise<SharedFile | undefined>;
  readonly where: Pick<MemberSetup, 'address' | 'reachedAt' | 'isInside'>;
  readonly onClose: () => void;
}

/** The server's end of one connection: bytes to the session, its events in their order to the coordinator. */
export class ClientConnection {
  readonly #options: ClientConnectionOptions;
  readonly #stream: Duplex;
  readonly #session: ServerSession;
  readonly #waiting: ServerSessionEvent[] = [];
  #member: Member | undefined;
  #isBusy = false;
  #isClosed = false;

  constructor(options: ClientConnectionOptions) {
    this.#options = options;
    this.#stream = options.stream;
    this.#session = new ServerSession({
      claimId: (id) => !options.coordinator.members.has(id),
      onEvent: (event) => this.#take(event),
    });
    options.stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    options.stream.on('error', () => options.stream.destroy());
    options.stream.on('end', () => this.#stream.end());
    options.stream.on('close', () => this.#closed());
  }

  /** True once the client has registered. */
  get isRegistered(): boolean {
    return this.#member !== undefined;
  }

  /** Ends the connection. */
  close(): void {
    this.#stream.destroy();
  }

  #receive(bytes: Buffer): void {
    try {
      this.#session.receive(bytes);
    } catch {
      // the session has said why
    }
    this.#send();
    if (this.#waiting.length >= MAX_WAITING) this.#stream.pause();
  }

  #take(event: ServerSessionEvent): void {
    if (event.type === 'register') return this.#register(event.clientId, event.listenPort);
    this.#waiting.push(event);
    if (!this.#isBusy) void this.#work();
  }

  #register(id: string, listenPort: number): void {
    const { coordinator, where } = this.#options;
    if (this.#member) return void coordinator.rename(this.#member, id, listenPort);
    const setup: MemberSetup = { ...where, voice: this.#session, onSaid: () => this.#send() };
    this.#member = coordinator.register(setup, id, listenPort);
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let event = this.#waiting.shift(); event && !this.#isClosed; event = this.#waiting.shift()) {
      if (event.type === 'register') continue;
      const url = parseFileUrl(event.url);
      const file = url && (await this.#options.find(url).catch(() => undefined));
      if (!this.#isClosed && this.#member) this.#handOn(this.#member, event, file);
      if (this.#waiting.length === 0) this.#stream.resume();
    }
    this.#isBusy = false;
  }

  #handOn(
    member: Member,
    event: Exclude<ServerSessionEvent, { type: 'register' }>,
    file: SharedFile | undefined,
  ): void {
    const { coordinator } = this.#options;
    switch (event.type) {
      case 'ask_info':
        return coordinator.askInfo(member, event, file);
      case 'ask_verify':
        // A question of before the end of a session cannot be answered.
        return this.#session.isClosed ? undefined : coordinator.askVerify(member, event, file);
      case 'completed':
        return coordinator.completed(member, event, file);
      default:
        return coordinator.changeRange(member, event, file);
    }
  }

  #send(): void {
    if (this.#session.pendingBytes > 0 && !this.#isClosed) {
      this.#stream.write(this.#session.takeOutput());
      if (this.#stream.writableLength > MAX_UNSENT_BYTES) return void this.#stream.destroy();
    }
    if (this.#session.isClosed && !this.#stream.writableEnded) this.#stream.end();
  }

  #closed(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
    if (this.#member) this.#options.coordinator.leave(this.#member);
    this.#options.onClose();
  }
}
