/**
 * The handshake of the link: Noise inside hello and response, ending in a sealer and an opener. One for each path and
 * carrier; what belongs together is told inside the session.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import type { PatternName } from '../noise/handshake-patterns.ts';
import { HandshakeState } from '../noise/handshake-state.ts';
import type { KeyPair, PublicKey } from '../noise/x25519.ts';
import {
  decodeResponse,
  decodeRetry,
  encodeHello,
  encodeResponse,
  type Hello,
  NO_COOKIE,
  prologueOf,
} from './handshake-messages.ts';
import { RecordOpener } from './record-opener.ts';
import { RecordSealer } from './record-sealer.ts';

/** How one proves oneself: by a key pair, or by a key that both sides share (32 bytes). */
export type Credentials =
  | { readonly kind: 'identity'; readonly identity: KeyPair }
  | { readonly kind: 'shared-key'; readonly sharedKey: Uint8Array };

/** The same, and to whom. */
export type InitiatorCredentials =
  | { readonly kind: 'identity'; readonly identity: KeyPair; readonly remoteIdentity: PublicKey }
  | { readonly kind: 'shared-key'; readonly sharedKey: Uint8Array };

/** An agreed session. */
export interface SecureChannel {
  readonly sealer: RecordSealer;
  readonly opener: RecordOpener;
  /** 32 bytes that name the session; the same at both ends. */
  readonly handshakeHash: Buffer;
  /** The peer's public key; undefined with a shared key. */
  readonly remoteIdentity: PublicKey | undefined;
}

const ID_BYTES = 4;
const patternFor = ({ kind }: Credentials): PatternName => (kind === 'identity' ? 'IK' : 'NNpsk0');

function channelOf(
  handshake: HandshakeState,
  ids: { readonly own: number; readonly remote: number },
  nowMs: number,
): SecureChannel {
  const { send, receive, handshakeHash } = handshake.split();
  return {
    sealer: new RecordSealer({ key: send.key!, connectionId: ids.remote, nowMs }),
    opener: new RecordOpener({ key: receive.key!, connectionId: ids.own }),
    handshakeHash,
    remoteIdentity: handshake.remoteIdentity,
  };
}

/** The initiator's side. Send `hello` until a message completes the handshake; each time the same bytes. */
export class LinkInitiator {
  readonly #handshake: HandshakeState;
  readonly #connectionId: number;
  #hello: Hello;

  /**
   * `connectionId`: random, below 2^32, not in use here. `payload` can be read by the responder before it knows that
   * the hello is not a replay: no secrets and no commands in it.
   */
  constructor(credentials: InitiatorCredentials, connectionId: number, payload: Uint8Array) {
    const pattern = patternFor(credentials);
    this.#connectionId = connectionId;
    this.#handshake = new HandshakeState({
      ...credentials,
      pattern,
      role: 'initiator',
      prologue: prologueOf({ pattern, connectionId }),
    });
    this.#hello = { pattern, connectionId, cookie: NO_COOKIE, noise: this.#handshake.write(payload) };
  }

  /** What to send, or to send again. */
  get hello(): Buffer {
    return encodeHello(this.#hello);
  }

  /** Takes a retry: from now on `hello` has its cookie. Throws ProtocolViolation when it is for somebody else. */
  retry(message: Buffer): void {
    const { connectionId, cookie } = decodeRetry(message);
    this.#demandOwn(connectionId);
    this.#hello = { ...this.#hello, cookie };
  }

  /**
   * Takes the response: the session and what the responder sent with it. Throws ProtocolViolation when it is not
   * genuine; the next one may be. To be called no more after it succeeded.
   */
  finish(message: Buffer, nowMs: number): { readonly channel: SecureChannel; readonly payload: Buffer } {
    if (this.#handshake.isFinished) throw new ProtocolViolation('a second response');
    const { connectionId, noise } = decodeResponse(message);
    this.#demandOwn(connectionId);
    const inside = this.#handshake.read(noise);
    if (inside.length < ID_BYTES) throw new ProtocolViolation('a response without a connection id');
    const ids = { own: this.#connectionId, remote: inside.readUInt32BE(0) };
    return { channel: channelOf(this.#handshake, ids, nowMs), payload: inside.subarray(ID_BYTES) };
  }

  #demandOwn(connectionId: number): void {
    if (connectionId !== this.#connectionId) throw new ProtocolViolation('an answer to another hello');
  }
}

/** A hello that proved genuine. Whether its sender may come in, the caller decides, then calls `respond` once. */
export interface GenuineHello {
  /** The initiator's public key; undefined with a shared key. */
  readonly remoteIdentity: PublicKey | undefined;
  readonly payload: Buffer;
  /**
   * The response to send, and the session. `connectionId`: random, below 2^32, not in use here. A hello can be a
   * replay: nothing is done for the session before its first genuine record. Throws RangeError for a payload that
   * makes the response longer than 256 bytes (199 bytes are safe).
   */
  respond(
    connectionId: number,
    payload: Uint8Array,
    nowMs: number,
  ): { readonly message: Buffer; readonly channel: SecureChannel };
}

/**
 * The responder's side: reads the handshake in a hello. Throws ProtocolViolation when the hello wants another kind of
 * credentials than these, or was not made for them. With several shared keys, try one after the other.
 */
export function readHello(hello: Hello, credentials: Credentials): GenuineHello {
  const pattern = patternFor(credentials);
  if (hello.pattern !== pattern) {
    const [theirs, ours] = hello.pattern === 'IK' ? ['a key pair', 'a shared key'] : ['a shared key', 'a key pair'];
    throw new ProtocolViolation(`the peer proves itself with ${theirs}, here ${ours} is set up`);
  }
  const handshake = new HandshakeState({ ...credentials, pattern, role: 'responder', prologue: prologueOf(hello) });
  const payload = handshake.read(hello.noise);
  return {
    remoteIdentity: handshake.remoteIdentity,
    payload,
    respond(connectionId, answer, nowMs) {
      const id = Buffer.alloc(ID_BYTES);
      id.writeUInt32BE(connectionId);
      const noise = handshake.write(Buffer.concat([id, answer]));
      const message = encodeResponse({ connectionId: hello.connectionId, noise });
      return { message, channel: channelOf(handshake, { own: connectionId, remote: hello.connectionId }, nowMs) };
    },
  };
}
