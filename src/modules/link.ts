/**
 * What modules may do with native links: publish streams to other nodes and take streams from them. The link itself
 * (handshakes, paths, sessions) is the network's.
 * @module
 */
import type { ChannelStore } from '../protocols/link/channel-store.ts';
import type { LinkPolicy } from '../protocols/link/path-policy.ts';
import type { ReceiveChannel } from '../protocols/link/receive-channel.ts';
import type { PathStatus, SendStatus } from '../protocols/link/session-types.ts';
import type { ListenAddress } from './network.ts';

/** What carries a link: datagrams, TLS over TCP, WebSocket over TLS, WebSocket in the clear (behind a proxy that ends TLS). */
export type LinkCarrier = 'udp' | 'tls' | 'wss' | 'ws';

/** Where a node listens for links, by one carrier. */
export interface LinkAddress {
  readonly carrier: LinkCarrier;
  readonly host: string;
  readonly port: number;
  /** Of the WebSocket; `/` else. */
  readonly path: string;
}

/** A node that may be at the other side. */
export interface LinkPeer {
  /** For people: as the configuration calls it, else the host that is dialled, else the front of its key. */
  readonly name: string;
  /** `dspub_...`; undefined with a shared key. */
  readonly publicKey: string | undefined;
}

/** Which link a module wants. Modules that want the same share one. */
export interface LinkOptions {
  /** Dialled, all at once; empty: this side listens. */
  readonly to: readonly LinkAddress[];
  /** Local addresses to dial from, each a path of its own to each of `to`; empty: as the system routes. */
  readonly from: readonly string[];
  /** Where this side waits for the peers; undefined: it dials. */
  readonly listen: ListenAddress | undefined;
  /** Exactly one when this side dials. */
  readonly peers: readonly LinkPeer[];
  /** `dsshared_...`, instead of public keys. */
  readonly sharedKey: string | undefined;
  /** `dskey_...`; undefined: the node's own. */
  readonly privateKey: string | undefined;
  readonly policy: LinkPolicy;
  /** Most that is sent by one path, in bytes a second on the link; undefined: no bound but the line's. */
  readonly maxBytesPerSecond: number | undefined;
  /** Audio that this side's listeners are ahead by; long for a side that only sends. */
  readonly reserveMs: number;
  /** HTTP proxy for TLS and WebSocket: `http://user:password@host:port`; undefined: none. */
  readonly proxy: string | undefined;
}

/** A module's use of a link. */
export interface LinkHandle {
  /** Offers a stream to every peer that is or will be there. The store stays the caller's. */
  publish(store: ChannelStore): void;
  /** Takes a stream from the peer that was there last. */
  subscribe(channel: ReceiveChannel): void;
  /** Calls back when the line to a peer comes or goes. Returns the unsubscriber. */
  onChange(listener: (change: LinkChange) => void): () => void;
  /** The links to its peers; one that dials has one entry, also before it is connected. */
  status(): readonly LinkStatus[];
  /** Withdraws what was published and subscribed; the last handle closes the link. */
  close(): void;
}

/** A line came or went: `up` when the first path of a link lives, `down` when none does any more. */
export interface LinkChange {
  readonly kind: 'up' | 'down';
  readonly peer: string;
  /** How long the state before lasted; undefined: it is the first time. */
  readonly afterMs: number | undefined;
}

/** One path, for status and metrics. */
export interface LinkPathStatus extends PathStatus {
  readonly carrier: LinkCarrier;
  /** `address:port`; for administrators. */
  readonly local: string;
  readonly remote: string;
}

/** One link to one peer, for status and metrics. */
export interface LinkStatus {
  readonly peer: string;
  readonly role: 'dials' | 'listens';
  /** `connecting` never up yet; `up` a path lives; `down` none does. */
  readonly state: 'connecting' | 'up' | 'down';
  readonly sinceUtcMs: number;
  /** Times that it came up. */
  readonly connects: number;
  readonly paths: readonly LinkPathStatus[];
  /** Streams published to the peer. */
  readonly sends: readonly SendStatus[];
  /** Names of the streams taken from it. */
  readonly receives: readonly string[];
  /** Why it cannot connect, in words; undefined: nothing is known to be wrong. */
  readonly lastError: string | undefined;
}

/** The links of a node. */
export interface LinkAccess {
  /**
   * Joins the link of these options, or opens it. Rejects with PORT_IN_USE and the like when it cannot listen; a peer
   * that cannot be reached is tried for ever. The handle is the caller's.
   */
  open(options: LinkOptions): Promise<LinkHandle>;
  status(): readonly LinkStatus[];
  /** Who was turned away, by reason: snake_case names, totals. */
  refusals(): Readonly<Record<string, number>>;
}
