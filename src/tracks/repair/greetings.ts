/**
 * Who may repair: by a key that both sides share, or by the sender's public key from its description, towards which the
 * recorder stays anonymous.
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { type Credentials, LinkInitiator, readHello } from '../../protocols/link/handshake.ts';
import { decodeHello } from '../../protocols/link/handshake-messages.ts';
import { generateKeyPair, type KeyPair, type PublicKey } from '../../protocols/noise/x25519.ts';
import type { Greeting } from './secure-stream.ts';

const PURPOSE = Buffer.from('distream repair 1');
/** Bytes that name a recorder. */
export const RECORDER_ID_BYTES = 8;

/** How a sender proves itself. */
export type ServerCredentials =
  | { readonly kind: 'identity'; readonly identity: KeyPair }
  | { readonly kind: 'shared-key'; readonly sharedKey: Uint8Array };

/** What a recorder knows of the sender. */
export type ClientCredentials =
  | { readonly kind: 'identity'; readonly remoteIdentity: PublicKey }
  | { readonly kind: 'shared-key'; readonly sharedKey: Uint8Array };

/** The recorder's side. `recorderId` tells recorders apart; it is no secret. */
export function recorderGreeting(credentials: ClientCredentials, recorderId: Buffer, clock: Clock): Greeting {
  const known =
    credentials.kind === 'identity'
      ? { ...credentials, identity: generateKeyPair() }
      : { kind: credentials.kind, sharedKey: credentials.sharedKey };
  const initiator = new LinkInitiator(known, newConnectionId(), Buffer.concat([PURPOSE, recorderId]));
  return {
    opening: initiator.hello,
    take: (message) => ({ channel: initiator.finish(message, clock.nowMs()).channel }),
  };
}

/** The sender's side. `onRecorder` is told who it is, before the first request. */
export function senderGreeting(
  credentials: ServerCredentials,
  clock: Clock,
  onRecorder: (recorderId: string) => void,
): Greeting {
  return {
    take: (message) => {
      const hello = readHello(decodeHello(message), credentials satisfies Credentials);
      const { payload } = hello;
      const isOurs = payload.length === PURPOSE.length + RECORDER_ID_BYTES;
      if (!isOurs || !payload.subarray(0, PURPOSE.length).equals(PURPOSE)) {
        throw new ProtocolViolation('a hello for something else than repair');
      }
      const { message: reply, channel } = hello.respond(newConnectionId(), Buffer.alloc(0), clock.nowMs());
      onRecorder(payload.toString('hex', PURPOSE.length));
      return { channel, reply };
    },
  };
}

function newConnectionId(): number {
  return randomBytes(4).readUInt32BE();
}
