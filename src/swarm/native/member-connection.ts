import type { Clock, Timer } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { type ConductorMessage, encodeConductorMessage } from '../../protocols/swarm/conductor-messages.ts';
import { MessageSplitter } from '../../protocols/swarm/framing.ts';
import { decodePeerMessage } from '../../protocols/swarm/peer-messages.ts';
import { SEALED } from '../../protocols/swarm/sealed-records.ts';
import type { Whereabouts } from '../coordinator/meeting.ts';
import type { Conductor } from './conductor.ts';
import { ControlChannel, type SecuredConnection } from './control-channel.ts';
import type { NativeMember, NativeVoice } from './native-member.ts';

/** A connection that says nothing is no peer. */
const HELLO_MS = 10_000;
/** A peer that does not read its orders is gone. */
const MAX_UNSENT_BYTES = 8 * 2 ** 20;

/** One peer's connection with the conductor. */
export interface MemberConnectionOptions {
  readonly connection: SecuredConnection;
  readonly clock: Clock;
  readonly conductor: Conductor;
  readonly where: Omit<Whereabouts, 'listenPort'>;
}

/** Reads a peer's messages for the conductor, and sends what it says; messages of one turn travel together. */
export class MemberConnection implements NativeVoice {
  readonly capabilities = SEALED;
  readonly #conductor: Conductor;
  readonly #where: MemberConnectionOptions['where'];
  readonly #splitter = new MessageSplitter();
  readonly #channel: ControlChannel;
  #helloTimer: Timer | undefined;
  #unsent: Buffer[] | undefined;
  #member: NativeMember | undefined;

  /** Owns the connection from here on. */
  constructor({ connection, clock, conductor, where }: MemberConnectionOptions) {
    this.#conductor = conductor;
    this.#where = where;
    this.#channel = new ControlChannel(connection, {
      onBytes: (bytes) => this.#read(bytes),
      onClose: () => {
        this.#helloTimer?.cancel();
        if (this.#member) conductor.leave(this.#member);
      },
    });
    this.#helloTimer = clock.after(HELLO_MS, () => this.close());
  }

  close(): void {
    this.#channel.destroy();
  }

  #read(bytes: Buffer): void {
    for (const message of this.#splitter.push(bytes)) {
      if (this.#channel.isDestroyed) return;
      this.#take(message);
    }
  }

  #take(bytes: Buffer): void {
    const message = decodePeerMessage(bytes);
    if (this.#member) return this.#conductor.receive(this.#member, message);
    if (message.type !== 'hello') throw new ProtocolViolation('no hello');
    this.#helloTimer?.cancel();
    this.#helloTimer = undefined;
    this.#member = this.#conductor.join(this, message, this.#where);
    if ((message.capabilities & this.capabilities) === 0) return;
    this.#flush();
    this.#channel.leaveTls('conductor');
  }

  /** Messages of one turn travel together. */
  tell(message: ConductorMessage): void {
    if (this.#channel.isDestroyed) return;
    if (this.#channel.unsentBytes > MAX_UNSENT_BYTES) return this.close();
    this.#unsent ??= [];
    this.#unsent.push(encodeConductorMessage(message));
    if (this.#unsent.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (!this.#unsent) return;
    const bytes = Buffer.concat(this.#unsent);
    this.#unsent = undefined;
    this.#channel.send(bytes);
  }
}
