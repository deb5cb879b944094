import { ProtocolViolation } from '../../core/errors.ts';
import { type HelloFrame, LINK_VERSION } from '../../protocols/link/frames.ts';
import type { Hello } from '../../protocols/link/handshake-messages.ts';
import { readHello } from '../../protocols/link/session.ts';
import type { Admission } from './admission.ts';
import { type AdmittedPeer, AuthorisedPeers } from './authorised-peers.ts';
import { HalfOpen, type HalfOpenEntry } from './half-open.ts';
import type { LinkRuntime } from './link-runtime.ts';
import type { PathTransport } from './path-transport.ts';
import type { PeerSessions } from './peer-sessions.ts';
import { SecurePath } from './secure-path.ts';
import type { SessionDriver } from './session-driver.ts';

/** By what a hello came. */
export interface HelloCarrier {
  /** `address:port` and alone. */
  readonly remote: string;
  readonly remoteAddress: string;
  /** A connection id that is free there. */
  newConnectionId(): number;
  /** Made once the peer may come in. */
  transport(connectionId: number, maxBytesPerSecond: number | undefined): PathTransport;
  /** The path belongs to a session from now on. */
  joined?(driver: SessionDriver): void;
}

/** What to send, and the path that a session will come by; the same path when a hello was repeated. */
export interface HelloAnswer extends HalfOpenEntry {
  readonly message: Buffer;
  readonly connectionId: number;
  readonly path: SecurePath;
}

/** What handshakes need. */
export interface HandshakesOptions {
  readonly runtime: LinkRuntime;
  readonly admission: Admission;
  readonly sessions: PeerSessions;
}

const NO_PAYLOAD = Buffer.alloc(0);
/** The initiator's new key stands at the front of its message: no two handshakes have the same. */
const EPHEMERAL_BYTES = 32;

/** Answers the hellos of one port and finds the sessions that follow. */
export class Handshakes {
  readonly peers = new AuthorisedPeers();
  readonly #runtime: LinkRuntime;
  readonly #admission: Admission;
  readonly #sessions: PeerSessions;
  readonly #halfOpen: HalfOpen<HelloAnswer>;

  constructor({ runtime, admission, sessions }: HandshakesOptions) {
    this.#runtime = runtime;
    this.#admission = admission;
    this.#sessions = sessions;
    this.#halfOpen = new HalfOpen(runtime.clock, runtime.refusals);
  }

  /** Handshakes that wait for a genuine record. */
  get pendingCount(): number {
    return this.#halfOpen.size;
  }

  /** The answer to a hello whose sender proved its address; undefined: it was turned away. */
  answer(hello: Hello, carrier: HelloCarrier): HelloAnswer | undefined {
    const key = `${carrier.remote} ${hello.noise.toString('latin1', 0, EPHEMERAL_BYTES)}`;
    // Our answer was lost: the same one again costs nothing.
    const repeated = this.#halfOpen.get(key);
    if (repeated) return repeated;
    const { clock, refusals } = this.#runtime;
    const nowMs = clock.nowMs();
    const { remoteAddress } = carrier;
    if (!this.#admission.mayShakeHands(remoteAddress, nowMs)) {
      refusals.turnAway('handshake_limit', remoteAddress, 'there are too many handshakes from its network');
      return undefined;
    }
    const admitted = this.peers.admit(hello);
    if ('reason' in admitted) {
      refusals.turnAway(admitted.reason, remoteAddress, admitted.words);
      return undefined;
    }
    const connectionId = carrier.newConnectionId();
    const { message, channel } = admitted.hello.respond(connectionId, NO_PAYLOAD, nowMs);
    const transport = carrier.transport(connectionId, lowestBound(admitted));
    const path = new SecurePath({ transport, channel, clock, refusals });
    const answer = { message, connectionId, path, drop: () => path.close() };
    path.onPayload = (number, payload) => {
      const session = this.#first(admitted, { path, payload, remoteAddress });
      if (session === 'later') return;
      this.#halfOpen.remove(key);
      if (session === undefined) return path.close();
      carrier.joined?.(session);
      session.attachWith(path, number, payload);
    };
    this.#halfOpen.add(key, answer);
    return answer;
  }

  close(): void {
    this.#halfOpen.close();
  }

  // The first genuine record shows that the hello was no replay; its payload begins with the session's HELLO.
  #first(
    { peerId, isSharedKey }: AdmittedPeer,
    { path, payload, remoteAddress }: { path: SecurePath; payload: Buffer; remoteAddress: string },
  ): SessionDriver | 'later' | undefined {
    const { refusals } = this.#runtime;
    let hello: HelloFrame | undefined;
    try {
      hello = readHello(payload);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      refusals.count('protocol_violation');
      return undefined;
    }
    if (!hello) return 'later';
    if (hello.version !== LINK_VERSION) {
      const words = `it speaks version ${hello.version} of the session, here is version ${LINK_VERSION}`;
      refusals.turnAway('version_mismatch', remoteAddress, words);
      return undefined;
    }
    const links = this.peers.linksOf(peerId);
    if (links.length === 0) return undefined;
    const session = this.#sessions.join({ peerId, isSharedKey, sessionId: hello.sessionId, links }, path);
    if (!session) refusals.turnAway('too_many_sessions', remoteAddress, 'it has too many sessions here');
    return session?.driver;
  }
}

function lowestBound({ links }: AdmittedPeer): number | undefined {
  const bounds = links.flatMap(({ options }) => options.maxBytesPerSecond ?? []);
  return bounds.length > 0 ? Math.min(...bounds) : undefined;
}
