import type { OpenFrame } from './frames.ts';
import type { PathState } from './link-path.ts';
import type { LinkPolicy } from './path-policy.ts';

/** What a session tells its owner. Called from within `receive`, `tick` and `poll`; must not call back into these. */
export interface SessionEvents {
  /** Something is to be sent though no packet came and no timer fired: call `poll`. */
  wake?(): void;
  pathState?(pathId: number, state: PathState): void;
  /** The peer has the packet of this number, the newest of an ACK: the sealer of the path's records may change the key. */
  acknowledged?(pathId: number, packetNumber: number): void;
  /** The session no longer uses a path, as the peer was restarted: close its connection. */
  pathClosed?(pathId: number): void;
  /** The peer publishes a stream; also after its restart. */
  offered?(offer: OpenFrame): void;
  /** The peer is another run of its process: its old numbers are void; subscriptions go on by what they hold. */
  peerRestarted?(): void;
  /** The peer ended the session. */
  closed?(code: number, reason: string): void;
}

export interface SessionOptions {
  /** Hex of 16 random bytes, chosen by the side that dials; the other side takes it from `readHello`. */
  readonly sessionId: string;
  /** Hex of 8 random bytes, new for each `LinkSession`. */
  readonly instance: string;
  readonly policy: LinkPolicy;
  /** Audio that this side's listeners are ahead by: the more there is, the fewer acknowledgements go back. */
  readonly reserveMs: number;
  readonly events?: SessionEvents;
}

/** A payload for the record layer. */
export interface OutgoingPacket {
  readonly pathId: number;
  /** Counts up by one on each path, from 0; must be the record's number. */
  readonly packetNumber: number;
  readonly payload: Buffer;
  readonly isAckEliciting: boolean;
}

/** One path, for status and metrics. */
export interface PathStatus {
  readonly id: number;
  readonly state: PathState;
  readonly rttMs: number;
  readonly minRttMs: number;
  /** 0 to 1, of the packets sent so far. */
  readonly lossRatio: number;
  /** What the line was seen to deliver, in bytes a second. */
  readonly deliveryBytesPerSecond: number;
  /** Most bytes of a payload now: what the path is known to carry. */
  readonly payloadBytes: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly receivedBytes: number;
  readonly lostPackets: number;
  readonly spuriousLosses: number;
}

/** A published stream on this session. */
export interface SendStatus {
  readonly name: string;
  readonly isWanted: boolean;
  /** Bytes that the peer is not known to have. */
  readonly unackedBytes: number;
  readonly resentBytes: number;
  readonly skippedBytes: number;
  /** How far the oldest unsent byte is behind the live edge. */
  readonly lagMs: number;
  /** Time until the backlog is sent at the rate of the best path; undefined when it does not shrink or there is none. */
  readonly refillMs: number | undefined;
}

export interface SessionStatus {
  readonly paths: readonly PathStatus[];
  readonly sends: readonly SendStatus[];
}
