/**
 * The handshake patterns of the link (Noise revision 34, sections 7.5 and 9), and why these.
 *
 * - `IK` when each side has a key pair. The configuration of each side names the other's public key, so the initiator
 *   can use the responder's in its first message: one round trip, the initiator's identity is hidden from onlookers,
 *   and the responder knows at once whether it knows the peer. `XX` would cost a round trip to tell what is known.
 * - `NNpsk0` when both sides have one shared key. Both have proved it after one round trip, and a first message from
 *   somebody without it is refused before any Diffie-Hellman. Ephemeral keys keep old sessions closed should the
 *   shared key become known. The shared key has 256 random bits: a short word could be guessed from a recording.
 *
 * What the initiator's first message carries can be replayed, so nothing is done on the strength of it alone: the
 * session begins with the first genuine record.
 * @module
 */

/** One step of a handshake message (Noise, section 7.1). */
export type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss' | 'psk';

/** Messages by turns, the initiator's first. */
export interface HandshakePattern {
  readonly protocolName: string;
  /** True when the initiator knows the responder's public key beforehand. */
  readonly knowsResponder: boolean;
  /** With a pre-shared key each public ephemeral key is mixed into the key too (section 9.2). */
  readonly usesSharedKey: boolean;
  readonly messages: readonly (readonly Token[])[];
}

/** The patterns by name. */
export const HANDSHAKE_PATTERNS = {
  IK: {
    protocolName: 'Noise_IK_25519_ChaChaPoly_SHA256',
    knowsResponder: true,
    usesSharedKey: false,
    messages: [
      ['e', 'es', 's', 'ss'],
      ['e', 'ee', 'se'],
    ],
  },
  NNpsk0: {
    protocolName: 'Noise_NNpsk0_25519_ChaChaPoly_SHA256',
    knowsResponder: false,
    usesSharedKey: true,
    messages: [
      ['psk', 'e'],
      ['e', 'ee'],
    ],
  },
} as const satisfies Record<string, HandshakePattern>;

/** Name of a pattern. */
export type PatternName = keyof typeof HANDSHAKE_PATTERNS;
