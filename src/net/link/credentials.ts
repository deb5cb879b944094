import { createHash, randomBytes } from 'node:crypto';
import { DistreamError } from '../../core/errors.ts';
import type { LinkAddress, LinkOptions, LinkPeer } from '../../modules/link.ts';
import { type KeyKind, parseKey } from '../../protocols/link/keys.ts';
import { type KeyPair, keyPairFrom, type PublicKey, publicKeyFrom } from '../../protocols/noise/x25519.ts';

/** A peer that may be at the other side, with its key ready for use. */
export interface KnownPeer {
  readonly peer: LinkPeer;
  readonly publicKey: PublicKey;
}

/** The keys of a link. `ownId` tells them from the keys of other links; no secret. */
export type LinkKeys =
  | {
      readonly kind: 'identity';
      readonly identity: KeyPair;
      readonly ownId: string;
      /** By the hex of the public key. */
      readonly peers: ReadonlyMap<string, KnownPeer>;
    }
  | { readonly kind: 'shared-key'; readonly sharedKey: Buffer; readonly ownId: string; readonly node: string };

/** Node of a process that has a shared key only: two of them are never taken for one. */
const PROCESS = randomBytes(16).toString('hex');

/** Reads the keys of a link. Throws CONFIG_INVALID. */
export function linkKeysOf(options: LinkOptions, nodeKey: string | undefined): LinkKeys {
  const privateKey = options.privateKey ?? nodeKey;
  if (options.sharedKey !== undefined) {
    const sharedKey = read(options.sharedKey, 'shared');
    const node = privateKey === undefined ? PROCESS : hexOf(keyPairFrom(read(privateKey, 'private')).publicKey);
    return { kind: 'shared-key', sharedKey, ownId: `shared ${digest('distream shared key', sharedKey)}`, node };
  }
  if (privateKey === undefined) throw invalid('there is no private key', 'Make one with `distream keygen`.');
  const identity = keyPairFrom(read(privateKey, 'private'));
  const peers = new Map<string, KnownPeer>();
  for (const peer of options.peers) {
    if (peer.publicKey === undefined) throw invalid(`the peer ${peer.name} has no public key`, 'Add its dspub_ key.');
    const publicKey = publicKeyFrom(read(peer.publicKey, 'public'));
    peers.set(hexOf(publicKey), { peer, publicKey });
  }
  return { kind: 'identity', identity, ownId: `identity ${hexOf(identity.publicKey)}`, peers };
}

/** A public key as the key of a table. */
export function hexOf(key: PublicKey): string {
  return key.raw.toString('hex');
}

/**
 * The session of a link that dials: the same after a restart, so that the peer knows it again. Hex of 16 bytes.
 */
export function sessionIdOf(keys: LinkKeys, to: readonly LinkAddress[]): string {
  const addresses = to.map(({ carrier, host, port, path }) => `${carrier} ${host} ${port} ${path}`).sort();
  const parties = keys.kind === 'identity' ? [keys.ownId, ...keys.peers.keys()] : [keys.ownId, keys.node];
  return digest('distream link session', Buffer.from([...parties, ...addresses].join('\n'), 'utf8')).slice(0, 32);
}

function digest(label: string, data: Uint8Array): string {
  return createHash('sha256').update(`${label}\n`).update(data).digest('hex');
}

function read(text: string, kind: KeyKind): Buffer {
  const parsed = parseKey(text, kind);
  if (parsed.kind === 'invalid') throw invalid(parsed.reason, 'Make keys with `distream keygen`.');
  return parsed.raw;
}

function invalid(reason: string, hint: string): DistreamError {
  return new DistreamError('CONFIG_INVALID', { where: 'link', reason, hint });
}
