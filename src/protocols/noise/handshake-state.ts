import { ProtocolViolation } from '../../core/errors.ts';
import { TAG_BYTES } from './chacha20-poly1305.ts';
import type { CipherState } from './cipher-state.ts';
import { HANDSHAKE_PATTERNS, type HandshakePattern, type PatternName, type Token } from './handshake-patterns.ts';
import { SymmetricState } from './symmetric-state.ts';
import { generateKeyPair, KEY_BYTES, type KeyPair, type PublicKey, publicKeyFrom, sharedSecret } from './x25519.ts';

/** The most bytes of a handshake message (Noise, section 3). */
export const MAX_NOISE_MESSAGE_BYTES = 65_535;

/** What a handshake begins with. Which of the keys are needed, the pattern says; a missing one is a RangeError. */
export interface HandshakeOptions {
  readonly pattern: PatternName;
  readonly role: 'initiator' | 'responder';
  /** What both sides must agree on without its being said inside. */
  readonly prologue: Uint8Array;
  /** One's own lasting key pair (IK). */
  readonly identity?: KeyPair | undefined;
  /** The responder's public key (IK, initiator). */
  readonly remoteIdentity?: PublicKey | undefined;
  /** 32 bytes (NNpsk0). */
  readonly sharedKey?: Uint8Array | undefined;
  /** The key pair of this handshake alone; left out but in tests with known answers. */
  readonly ephemeral?: KeyPair | undefined;
}

/** The ciphers of a finished handshake, by one's own direction, and the hash that names the session. */
export interface SessionCiphers {
  readonly send: CipherState;
  readonly receive: CipherState;
  /** 32 bytes, the same at both ends, different for each session (Noise, section 11.2). */
  readonly handshakeHash: Buffer;
}

interface State {
  readonly symmetric: SymmetricState;
  ephemeral: KeyPair | undefined;
  remoteEphemeral: PublicKey | undefined;
  remoteIdentity: PublicKey | undefined;
}

/** One side of a handshake (Noise, section 5.3). Messages are written and read by turns; then `split`. */
export class HandshakeState {
  readonly #pattern: HandshakePattern;
  readonly #initiator: boolean;
  readonly #identity: KeyPair | undefined;
  readonly #sharedKey: Uint8Array | undefined;
  #state: State;
  #turn = 0;

  constructor(options: HandshakeOptions) {
    this.#pattern = HANDSHAKE_PATTERNS[options.pattern];
    this.#initiator = options.role === 'initiator';
    this.#identity = options.identity;
    this.#sharedKey = options.sharedKey;
    this.#demandKeys(options);
    const symmetric = new SymmetricState(this.#pattern.protocolName);
    symmetric.mixHash(options.prologue);
    const { ephemeral, remoteIdentity } = options;
    this.#state = { symmetric, ephemeral, remoteEphemeral: undefined, remoteIdentity };
    const responder = this.#initiator ? remoteIdentity : this.#identity?.publicKey;
    if (this.#pattern.knowsResponder) symmetric.mixHash(responder!.raw);
  }

  /** The peer's lasting public key: known beforehand, or since its message was read. */
  get remoteIdentity(): PublicKey | undefined {
    return this.#state.remoteIdentity;
  }

  /** True when all messages are through. */
  get isFinished(): boolean {
    return this.#turn >= this.#pattern.messages.length;
  }

  /** The next message, with `payload` inside. Throws RangeError out of turn and over 65,535 bytes. */
  write(payload: Uint8Array): Buffer {
    const tokens = this.#takeTurn(true);
    const { symmetric } = this.#state;
    const parts = tokens.map((token) => this.#writeToken(token, this.#state));
    const message = Buffer.concat([...parts, symmetric.encryptAndHash(payload)]);
    if (message.length > MAX_NOISE_MESSAGE_BYTES) throw new RangeError('a handshake message is at most 65,535 bytes');
    this.#turn++;
    return message;
  }

  /**
   * The payload of the peer's next message. Throws ProtocolViolation when the message is not genuine; the handshake
   * then stands where it stood, so that a forged message does not end it. RangeError out of turn.
   */
  read(message: Buffer): Buffer {
    const tokens = this.#takeTurn(false);
    if (message.length > MAX_NOISE_MESSAGE_BYTES) throw new ProtocolViolation('the handshake message is too long');
    const state = { ...this.#state, symmetric: this.#state.symmetric.clone() };
    let rest = message;
    for (const token of tokens) rest = rest.subarray(this.#readToken(token, state, rest));
    const payload = state.symmetric.decryptAndHash(rest);
    this.#state = state;
    this.#turn++;
    return payload;
  }

  /** The ciphers of the session. Throws RangeError before the handshake is finished. */
  split(): SessionCiphers {
    if (!this.isFinished) throw new RangeError('the handshake is not finished');
    const { symmetric } = this.#state;
    const [first, second] = symmetric.split();
    const handshakeHash = symmetric.hash;
    return this.#initiator
      ? { send: first, receive: second, handshakeHash }
      : { send: second, receive: first, handshakeHash };
  }

  #demandKeys(options: HandshakeOptions): void {
    const { knowsResponder, usesSharedKey } = this.#pattern;
    if (usesSharedKey && options.sharedKey?.length !== KEY_BYTES) throw new RangeError('the shared key has 32 bytes');
    if (knowsResponder && !options.identity) throw new RangeError('the handshake needs a key pair');
    if (knowsResponder && this.#initiator && !options.remoteIdentity) {
      throw new RangeError("the handshake needs the responder's public key");
    }
  }

  #takeTurn(writing: boolean): readonly Token[] {
    const tokens = this.#pattern.messages[this.#turn];
    const initiatorWrites = this.#turn % 2 === 0;
    if (!tokens || (initiatorWrites === this.#initiator) !== writing) throw new RangeError('a message out of turn');
    return tokens;
  }

  #writeToken(token: Token, state: State): Buffer {
    if (token === 'e') {
      state.ephemeral ??= generateKeyPair();
      this.#mixEphemeral(state, state.ephemeral.publicKey);
      return state.ephemeral.publicKey.raw;
    }
    if (token === 's') return state.symmetric.encryptAndHash(this.#identity!.publicKey.raw);
    this.#mixSecret(token, state);
    return Buffer.alloc(0);
  }

  /** Takes what the token stands for from the front of `bytes`; answers how many bytes that were. */
  #readToken(token: Token, state: State, bytes: Buffer): number {
    if (token === 'e') {
      const raw = take(bytes, KEY_BYTES);
      state.remoteEphemeral = publicKeyFrom(raw);
      this.#mixEphemeral(state, state.remoteEphemeral);
      return raw.length;
    }
    if (token === 's') {
      const sealed = take(bytes, KEY_BYTES + (state.symmetric.hasKey ? TAG_BYTES : 0));
      state.remoteIdentity = publicKeyFrom(state.symmetric.decryptAndHash(sealed));
      return sealed.length;
    }
    this.#mixSecret(token, state);
    return 0;
  }

  #mixEphemeral(state: State, publicKey: PublicKey): void {
    state.symmetric.mixHash(publicKey.raw);
    if (this.#pattern.usesSharedKey) state.symmetric.mixKey(publicKey.raw);
  }

  /** The first letter is whose key of the initiator, the second whose of the responder. */
  #mixSecret(token: Exclude<Token, 'e' | 's'>, state: State): void {
    if (token === 'psk') {
      state.symmetric.mixKeyAndHash(this.#sharedKey!);
      return;
    }
    const [ownKind, remoteKind] = this.#initiator ? [token[0], token[1]] : [token[1], token[0]];
    const own = ownKind === 'e' ? state.ephemeral : this.#identity;
    const remote = remoteKind === 'e' ? state.remoteEphemeral : state.remoteIdentity;
    state.symmetric.mixKey(sharedSecret(own!, remote!));
  }
}

function take(bytes: Buffer, length: number): Buffer {
  if (bytes.length < length) throw new ProtocolViolation('the handshake message is cut off');
  return bytes.subarray(0, length);
}
