/** What `FlowLine` is told and tells. */
import type { RtcpMessage } from '../../protocols/rtp/rtcp.ts';
import type { GapCause } from '../proof/gap-list.ts';

/** Silence in a track: sample frames since the take's start, `start` included, `end` not. */
export interface TrackGap {
  readonly start: number;
  readonly end: number;
  readonly cause: GapCause;
}

/** By what a run of frames was placed on the take's time line. */
export type PlacedBy = 'media clock' | 'sender reports' | 'arrival';

/** A run of a sender's timestamps in a track. */
export interface TrackRun {
  /** Its first frame, since the take's start. */
  readonly start: number;
  readonly ssrc: number;
  /** RTP timestamp of that frame, 32 bits. */
  readonly timestamp: number;
  readonly from: string;
  readonly cause: 'first' | 'restart' | 'jump';
  readonly placedBy: PlacedBy;
}

/** What is recorded of one flow. */
export interface FlowLineOptions {
  readonly sampleRate: number;
  /** Bytes of a sample frame on the wire. */
  readonly frameBytes: number;
  readonly payloadTypes: readonly number[];
  /** The clock the timestamps count from (`mediaclk:direct`), with what tells it from others. */
  readonly mediaClock?: { readonly key: string; readonly offset: number };
  /** How long frames wait for those that are missing before them. */
  readonly bufferMs: number;
}

/** Takes the frames of a flow in order, without holes: every call goes on where the one before ended. */
export interface FrameSink {
  /** Whole frames as they came (big endian). The bytes are the caller's: copy them. */
  samples(bytes: Buffer): void;
  /** Silence of exactly the missing length. */
  silence(gap: TrackGap): void;
  /** A run begins here. */
  run(run: TrackRun): void;
}

/** A compound packet and when and from where it came. */
export interface RtcpArrival {
  readonly messages: readonly RtcpMessage[];
  readonly from: string;
  /** The port it came from: where its sender takes reports and requests. */
  readonly port: number;
  readonly arrivalMs: number;
  readonly arrivalUtcMs: number;
}
