import { createHash } from 'node:crypto';
import { ProtocolViolation } from '../../core/errors.ts';
import { type Credentials, type GenuineHello, readHello } from '../../protocols/link/handshake.ts';
import type { Hello } from '../../protocols/link/handshake-messages.ts';
import { hexOf, type LinkKeys } from './credentials.ts';
import type { ListeningLink } from './listening-link.ts';
import type { RefusalReason } from './refusals.ts';

/** Who proved genuine, and what it may join. */
export interface AdmittedPeer {
  readonly hello: GenuineHello;
  /** Tells the peer from all others: the keys of both sides, or the shared key. No secret. */
  readonly peerId: string;
  readonly isSharedKey: boolean;
  /** The links that know it; never empty. */
  readonly links: readonly ListeningLink[];
}

/** Why it was turned away; `words` end a sentence. */
export interface TurnedAway {
  readonly reason: RefusalReason;
  readonly words: string;
}

interface Member {
  readonly link: ListeningLink;
  readonly keys: LinkKeys;
}

/** Who may come in at a port: the peers of all links that listen there. */
export class AuthorisedPeers {
  // By own key: links that share one are asked together, so that a handshake is read once.
  readonly #members = new Map<string, Member[]>();

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  add(link: ListeningLink, keys: LinkKeys): void {
    this.#members.set(keys.ownId, [...(this.#members.get(keys.ownId) ?? []), { link, keys }]);
  }

  remove(link: ListeningLink): void {
    for (const [ownId, members] of this.#members) {
      const left = members.filter((member) => member.link !== link);
      if (left.length > 0) this.#members.set(ownId, left);
      else this.#members.delete(ownId);
    }
  }

  /** The links that know the peer now. */
  linksOf(peerId: string): ListeningLink[] {
    return [...this.#members.values()].flat().flatMap(({ link, keys }) => (knowsPeer(keys, peerId) ? link : []));
  }

  /** Reads a hello with the keys of each link in turn. */
  admit(hello: Hello): AdmittedPeer | TurnedAway {
    let refused: TurnedAway = {
      reason: 'wrong_credentials',
      words: hello.pattern === 'IK' ? 'it has a key pair, here is a shared key' : 'it has a shared key, here is none',
    };
    for (const [ownId, members] of this.#members) {
      const keys = members[0]!.keys;
      if ((keys.kind === 'identity') !== (hello.pattern === 'IK')) continue;
      const genuine = read(hello, keys);
      if (genuine) return this.#admitGenuine(genuine, ownId, members);
      const words =
        keys.kind === 'identity' ? 'it was given another public key than ours' : 'its shared key is another one';
      refused = { reason: 'wrong_key', words };
    }
    return refused;
  }

  #admitGenuine(hello: GenuineHello, ownId: string, members: readonly Member[]): AdmittedPeer | TurnedAway {
    const { remoteIdentity } = hello;
    const peerId = remoteIdentity ? `${ownId} ${hexOf(remoteIdentity)}` : ownId;
    const links = members.flatMap(({ link, keys }) => (knowsPeer(keys, peerId) ? link : []));
    if (links.length > 0 || !remoteIdentity) return { hello, peerId, isSharedKey: !remoteIdentity, links };
    const front = createHash('sha256').update(remoteIdentity.raw).digest('hex').slice(0, 8);
    return { reason: 'unknown_peer', words: `its public key (fingerprint ${front}) is not among the peers` };
  }
}

/** Whether a peer, by the id that `admit` gives it, is one of a link with these keys. */
export function knowsPeer(keys: LinkKeys, peerId: string): boolean {
  if (keys.kind === 'shared-key') return keys.ownId === peerId;
  const [front, remote] = [peerId.slice(0, keys.ownId.length), peerId.slice(keys.ownId.length + 1)];
  return front === keys.ownId && keys.peers.has(remote);
}

function read(hello: Hello, keys: LinkKeys): GenuineHello | undefined {
  const credentials: Credentials =
    keys.kind === 'identity'
      ? { kind: 'identity', identity: keys.identity }
      : { kind: 'shared-key', sharedKey: keys.sharedKey };
  try {
    return readHello(hello, credentials);
  } catch (error) {
    if (error instanceof ProtocolViolation) return undefined;
    throw error;
  }
}
