/**
 * What a coordinator shows of itself, whichever dialect it speaks. A `SwarmViewer` makes of it what people may see: here
 * are addresses, there are none.
 * @module
 */
import type { SwarmCounters } from '../coordinator/swarm-counters.ts';
import type { FileTally } from './file-tally.ts';

/** How far a peer is relied on as a giver. */
export type PeerTrust = 'trusted' | 'new' | 'suspected' | 'convicted';
/** Whether others can connect to a peer. */
export type PeerReach = 'reachable' | 'firewalled' | 'unknown';

/** A peer that is connected now. */
export interface PeerSight {
  /** Stands for the peer as long as it is connected; never shown. */
  readonly key: object;
  /** As its connection shows it. */
  readonly address: string;
  readonly trust: PeerTrust;
  readonly reach: PeerReach;
  /** Payload that takers confirmed. */
  readonly bytesGiven: number;
  readonly bytesTaken: number;
  /** 0 to 1 of what it wants and has; undefined where that has no end, as of a stream. */
  readonly progress: number | undefined;
}

/** A file or stream that somebody gives or wants. */
export interface FileSight {
  readonly path: string;
  /** Bytes; of a stream those so far. */
  readonly size: number;
  readonly chunks: number;
  readonly isLive: boolean;
  readonly givers: number;
  readonly takers: number;
  /** 0 to 1, the mean of who wants it; undefined when nobody does, or it has no end. */
  readonly progress: number | undefined;
  readonly tally: FileTally;
  /** Of a stream: what each taker can give, in stream rates; undefined when that is not known. */
  readonly uplinks?: readonly number[] | undefined;
}

/** A chunk on its way. */
export interface FlowSight {
  /** Keys of the peers; undefined stands for the server. */
  readonly giver: object | undefined;
  readonly taker: object | undefined;
}

/** A look at a swarm; valid until its coordinator hears something new. */
export interface SwarmSight {
  readonly dialect: 'pdtp' | 'pdtps';
  readonly counters: SwarmCounters;
  /** Bytes a second that the server and all peers can send; undefined when that is not known. */
  readonly uplinks: { readonly server: number; readonly peers: number } | undefined;
  peers(): Iterable<PeerSight>;
  files(): Iterable<FileSight>;
  flows(): Iterable<FlowSight>;
}

/** Who can be looked at. A look costs as much as there are peers and transfers: nobody looks unasked. */
export interface SwarmSource {
  look(): SwarmSight;
}
