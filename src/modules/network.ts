/**
 * What modules may do with the network: listen through the shared front, dial
 * through the one egress check.
 * @module
 */
import type { Socket } from 'node:net';
import type { StationInfo } from '../core/station.ts';
import type { RequestHead } from '../protocols/http/request-head.ts';
import type { LinkAccess } from './link.ts';

/** An address to listen on. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A request whose head was read by the front; the handler owns the socket from here on. */
export interface StreamRequest {
  readonly head: RequestHead;
  /** Path after aliases, decoded, without the query; begins with `/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Paused; plain or TLS. */
  readonly socket: Socket;
  /** Bytes that came after the head. */
  readonly rest: Buffer;
  /** The client's address: from a trusted proxy's header, else the socket's. Never a name. */
  readonly clientAddress: string;
  readonly secure: boolean;
  /** Gives the connection back to wait for another request (after a complete answer that allows it). */
  reuse(rest: Buffer): void;
}

/** One listener as the administrator sees it. */
export interface ListenerInfo {
  readonly id: number;
  readonly address: string;
  readonly agent: string;
  readonly connectedMs: number;
  readonly bytesSent: number;
}

/** What the public may know of a mount. */
export interface MountInfo {
  readonly streamName: string;
  readonly contentType: string | undefined;
  readonly station: StationInfo;
  readonly title: string | undefined;
  readonly artist: string | undefined;
  readonly startedUtcMs: number | undefined;
  /** True while there is sound to give. */
  readonly live: boolean;
  readonly listeners: number;
  readonly listenerPeak: number;
  readonly maxListeners: number | undefined;
  readonly slowListeners: number;
  readonly bytesSent: number;
  readonly hidden: boolean;
}

/** A path at which players listen. */
export interface ListenerMount {
  /** `/name`, or `*` for every path that nothing else claims. */
  readonly mount: string;
  /** GET or HEAD of the mount. */
  accept(request: StreamRequest): void;
  info(): MountInfo;
  clients(): Iterable<ListenerInfo>;
  /** Disconnects that listener; false when there is none. */
  kick(id: number): boolean;
}

/** A title as an encoder sends it: one string, or artist and title apart. Raw bytes, since encoders lie about the charset. */
export interface TitleUpdate {
  readonly song?: string;
  readonly artist?: string;
  readonly title?: string;
  readonly url?: string;
}

/** A path at which an encoder sends. */
export interface SourceMount {
  readonly mount: string;
  readonly streamName: string;
  /** PUT or SOURCE of the mount. */
  accept(request: StreamRequest): void;
  /** Constant time. */
  checkCredentials(user: string, password: string): boolean;
  /** `no-source` when nobody sends, `unsupported` when the format carries its own titles. */
  setTitle(update: TitleUpdate): 'ok' | 'no-source' | 'unsupported';
  /** The connected source, or undefined. */
  source(): { address: string; agent: string; connectedUtcMs: number; bytesRead: number } | undefined;
  /** Ends the connected source's session; false when there is none. */
  kill(reason: string): boolean;
}

/** The mounts of all ports of a node. */
export interface MountDirectory {
  readonly listeners: readonly ListenerMount[];
  readonly sources: readonly SourceMount[];
  /** The port at which a mount of `listeners` is; undefined when that is not known. */
  portOf(mount: ListenerMount): number | undefined;
}

/** What a SHOUTcast v1 source (port + 1) logs in to. */
export interface ShoutcastMount extends SourceMount {
  /** True when this password line opens this mount. Constant time. */
  matches(passwordLine: string): boolean;
  /** Called after the password was accepted; `socket` is paused, `rest` follows the password line. The mount answers `OK2`. */
  acceptShoutcast(socket: Socket, rest: Buffer, clientAddress: string): void;
}

/** One listening port with its mounts. */
export interface FrontHandle {
  readonly address: ListenAddress;
  /** Throws MOUNT_TAKEN. The returned function gives the mount back. */
  claimListener(mount: ListenerMount): () => void;
  claimSource(mount: SourceMount): () => void;
  /** Answers GET of these paths with the JSON of what `make` returns; the first claim of a path counts. */
  claimJson(paths: readonly string[], make: () => unknown): () => void;
  /** Also opens port + 1 when it is the first; rejects with PORT_IN_USE. */
  claimShoutcast(mount: ShoutcastMount): Promise<() => void>;
}

/** Makes and shares what listens and dials. */
export interface NetworkAccess {
  /** Links to other nodes. */
  readonly links: LinkAccess;
  /** The front on that address, opened when it is the first use; without one, the node's own front. */
  front(address?: ListenAddress): Promise<FrontHandle>;
  /** Gives back a front opened by `front(address)`; the last user closes it. */
  releaseFront(front: FrontHandle): void;
  /** Listens for a protocol of its own; the connections are the caller's. Rejects with PORT_IN_USE and the like. */
  listen(address: ListenAddress, onConnection: (socket: Socket) => void): Promise<{ port: number; close(): void }>;
  /**
   * Connects after the egress check of every resolved address (the address that was checked is the one dialled).
   * Rejects with UNREACHABLE or ADDRESS_NOT_ALLOWED. The socket is the caller's.
   */
  dial(target: DialTarget): Promise<Socket>;
}

/** Where to connect. */
export interface DialTarget {
  readonly host: string;
  readonly port: number;
  /** TLS with this server name when true; certificates are always verified. */
  readonly tls: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Shown in errors; without credentials. */
  readonly displayUrl: string;
  /** The address was written by the operator in the configuration, not received from a peer (redirect, playlist). */
  readonly trusted: boolean;
  /** Local address to connect from; undefined: as the system routes. */
  readonly from?: string | undefined;
}
