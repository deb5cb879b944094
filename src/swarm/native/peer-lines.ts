import { ProtocolViolation } from '../../core/errors.ts';
import { MessageSplitter } from '../../protocols/swarm/framing.ts';
import { decodeLinkMessage, encodeLinkMessage, type LinkMessage } from '../../protocols/swarm/link-messages.ts';
import { type Meeting, meetingKey, parseMeetingIdentity } from '../../protocols/swarm/token.ts';
import type { Carrier, Line, LineEvents, LineHost, LineTarget } from './carrier.ts';

/** Lines of one peer; a pair has one, so this bounds the partners. */
const MAX_LINES = 2048;

/** Peers connect to the server, which connects to a peer only to see whether it answers. */
const PROBER = 0;

/** What the owner of the lines is told. */
export interface PeerLinesOptions {
  readonly carrier: Carrier;
  /** The peer's own secret; undefined while it has none: nobody may connect. */
  readonly secret: () => Buffer | undefined;
  /** The conductor's clock in seconds. */
  readonly nowSeconds: () => number;
  readonly onMessage: (peer: number, message: LinkMessage) => void;
  readonly onOpen: (peer: number) => void;
  readonly onDrain: () => void;
  /** A line ended, or could not be made. */
  readonly onLost: (peer: number, wasOpen: boolean) => void;
}

/** The lines of a peer to others, one a pair, whoever connected. */
export class PeerLines implements LineHost {
  readonly #options: PeerLinesOptions;
  readonly #open = new Map<number, Line>();
  readonly #dialling = new Set<number>();
  readonly #blocked = new Set<number>();
  /** On which the server asks whether this peer answers. */
  readonly #probes = new Set<Line>();
  #isClosed = false;

  constructor(options: PeerLinesOptions) {
    this.#options = options;
  }

  isOpen(peer: number): boolean {
    return this.#open.has(peer);
  }

  isDialling(peer: number): boolean {
    return this.#dialling.has(peer);
  }

  /** False while the line takes no more bytes, or is not there. */
  hasRoom(peer: number): boolean {
    return this.#open.has(peer) && !this.#blocked.has(peer);
  }

  keyOf(identity: string): Buffer | undefined {
    const meeting = this.#meetingOf(identity);
    const secret = this.#options.secret();
    return meeting && secret && this.#open.size < MAX_LINES ? meetingKey(secret, meeting) : undefined;
  }

  accept(line: Line, identity: string): LineEvents {
    const peer = this.#meetingOf(identity)?.dialler;
    if (peer === PROBER && !this.#isClosed) return this.#answering(line);
    if (peer === undefined || this.#isClosed) line.close();
    else this.#add(peer, line);
    return this.#events(peer ?? -1, () => line);
  }

  /** Connects to a peer unless there is a line. `onOpen` or `onLost` follows. */
  dial(peer: number, target: LineTarget): void {
    if (this.#open.has(peer) || this.#dialling.has(peer) || this.#isClosed) return;
    this.#dialling.add(peer);
    let line: Line | undefined;
    const events = this.#events(peer, () => line);
    this.#options.carrier.dial(target, events).then(
      (made) => {
        line = made;
        this.#dialling.delete(peer);
        if (this.#isClosed) return made.close();
        this.#add(peer, made);
      },
      () => {
        this.#dialling.delete(peer);
        if (!this.#isClosed && !this.#open.has(peer)) this.#options.onLost(peer, false);
      },
    );
  }

  /** Sends a message; false when there is no line. */
  send(peer: number, message: LinkMessage): boolean {
    return this.sendBytes(peer, encodeLinkMessage(message));
  }

  /** Sends bytes of encoded messages, with `onSent` as in `Line.send`; false when there is no line. */
  sendBytes(peer: number, bytes: Buffer, onSent?: () => void): boolean {
    const line = this.#open.get(peer);
    if (!line) return false;
    if (!line.send(bytes, onSent)) this.#blocked.add(peer);
    return true;
  }

  /** Ends the line to a peer. */
  drop(peer: number): void {
    this.#open.get(peer)?.close();
  }

  /** Ends all lines; nothing is told any more. */
  close(): void {
    this.#isClosed = true;
    for (const line of [...this.#open.values(), ...this.#probes]) line.close();
    this.#open.clear();
  }

  #meetingOf(identity: string): Meeting | undefined {
    const meeting = parseMeetingIdentity(identity);
    return meeting && meeting.expires >= this.#options.nowSeconds() ? meeting : undefined;
  }

  /** The newest line of a pair counts: an older one may be dead without having told. */
  #add(peer: number, line: Line): void {
    const before = this.#open.get(peer);
    this.#open.set(peer, line);
    this.#blocked.delete(peer);
    before?.close();
    this.#options.onOpen(peer);
  }

  #events(peer: number, line: () => Line | undefined): LineEvents {
    const splitter = new MessageSplitter();
    return {
      onData: (bytes) => {
        try {
          for (const message of splitter.push(bytes)) {
            if (this.#isClosed) return;
            this.#options.onMessage(peer, decodeLinkMessage(message));
          }
        } catch (error) {
          if (!(error instanceof ProtocolViolation)) throw error;
          line()?.close();
        }
      },
      onDrain: () => {
        this.#blocked.delete(peer);
        this.#options.onDrain();
      },
      onClose: () => {
        if (this.#isClosed || this.#open.get(peer) !== line()) return;
        this.#open.delete(peer);
        this.#blocked.delete(peer);
        this.#options.onLost(peer, true);
      },
    };
  }

  /** A line on which the other side asks for a nonce; it is none of the pair's, which goes on beside it. */
  #answering(line: Line): LineEvents {
    this.#probes.add(line);
    const splitter = new MessageSplitter();
    return {
      onData: (bytes) => {
        try {
          for (const message of splitter.push(bytes).map(decodeLinkMessage)) {
            if (message.type !== 'probe') return line.close();
            line.send(encodeLinkMessage({ type: 'echo', nonce: message.nonce }));
          }
        } catch (error) {
          if (!(error instanceof ProtocolViolation)) throw error;
          line.close();
        }
      },
      onDrain: () => {},
      onClose: () => void this.#probes.delete(line),
    };
  }
}
