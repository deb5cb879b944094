import type { TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { type ConductorMessage, encodeConductorMessage } from '../../protocols/swarm/conductor-messages.ts';
import { MessageSplitter } from '../../protocols/swarm/framing.ts';
import { decodePeerMessage } from '../../protocols/swarm/peer-messages.ts';
import type { Whereabouts } from '../coordinator/meeting.ts';
import type { Conductor } from './conductor.ts';
import type { NativeMember } from './native-member.ts';

/** A connection that says nothing is no peer. */
const HELLO_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;
/** A peer that does not read its orders is gone. */
const MAX_UNSENT_BYTES = 8 * 2 ** 20;

/** One peer's connection with the conductor. */
export interface MemberConnectionOptions {
  readonly socket: TLSSocket;
  readonly clock: Clock;
  readonly conductor: Conductor;
  readonly where: Omit<Whereabouts, 'listenPort'>;
  readonly onClose: () => void;
}

/** Reads a peer's messages for the conductor, and sends what it says; messages of one turn travel together. */
export class MemberConnection {
  readonly #options: MemberConnectionOptions;
  readonly #splitter = new MessageSplitter();
  readonly #helloTimer: Timer;
  #unsent: Buffer[] = [];
  #member: NativeMember | undefined;

  constructor(options: MemberConnectionOptions) {
    this.#options = options;
    const { socket, clock } = options;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#helloTimer = clock.after(HELLO_MS, () => socket.destroy());
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      this.#helloTimer.cancel();
      if (this.#member) options.conductor.leave(this.#member);
      options.onClose();
    });
  }

  close(): void {
    this.#options.socket.destroy();
  }

  #read(bytes: Buffer): void {
    const { socket } = this.#options;
    try {
      for (const message of this.#splitter.push(bytes)) {
        if (socket.destroyed) return;
        this.#take(message);
      }
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      socket.destroy();
    }
  }

  #take(bytes: Buffer): void {
    const { conductor, where, socket } = this.#options;
    const message = decodePeerMessage(bytes);
    if (this.#member) return conductor.receive(this.#member, message);
    if (message.type !== 'hello') throw new ProtocolViolation('no hello');
    this.#helloTimer.cancel();
    const voice = { tell: (said: ConductorMessage) => this.#tell(said), close: () => void socket.destroy() };
    this.#member = conductor.join(voice, message, where);
  }

  #tell(message: ConductorMessage): void {
    const { socket } = this.#options;
    if (socket.destroyed) return;
    if (socket.writableLength > MAX_UNSENT_BYTES) return void socket.destroy();
    this.#unsent.push(encodeConductorMessage(message));
    if (this.#unsent.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#unsent);
    this.#unsent = [];
    if (!this.#options.socket.destroyed) this.#options.socket.write(bytes);
  }
}
