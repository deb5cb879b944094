/** What `RtpReception` is told and tells. */
import type { Range } from '../link/range-set.ts';

/** What is received and how patient the receiver is. */
export interface ReceptionOptions {
  /** Sample frames per second. */
  readonly sampleRate: number;
  /** Bytes of one sample frame: channels times bytes per sample. */
  readonly frameBytes: number;
  /** The payload types that carry this format; packets with others are counted and left out. */
  readonly payloadTypes: readonly number[];
  /**
   * Whether timestamps count from an epoch that outlives the sender (`a=mediaclk:direct`, RFC 7273 5.2): a restarted
   * sender then goes on in the same timeline.
   */
  readonly hasSharedEpoch?: boolean;
  /** How far a timestamp may be from where the time since the last packet would have it; beyond, it is a jump. Default 10 s. */
  readonly maxJumpMs?: number;
  /** How long the stream must be silent before another SSRC (or a jump) of the same address is heard. Default 200 ms. */
  readonly restartSilenceMs?: number;
  /** The same for another address. Default 5 s. */
  readonly takeoverSilenceMs?: number;
}

/** A run of timestamps that belong together. */
export interface Timeline {
  /** 0, 1, 2 ... */
  readonly index: number;
  readonly ssrc: number;
  /** Sender address as it was handed in. */
  readonly from: string;
  /** The position of the first frame that came. Earlier ones may follow, when packets overtook each other. */
  readonly position: number;
  readonly arrivalMs: number;
  readonly cause: 'first' | 'restart' | 'jump';
  /** Whether positions go on from the timeline before; only with a shared epoch. */
  readonly isContinued: boolean;
}

/** Frames that came. The object and its datagram are the receiver's: read them during the call only. */
export interface ReceivedPacket {
  readonly timeline: number;
  /** The first frame's extended timestamp: whole numbers that do not wrap. */
  readonly position: number;
  readonly frames: number;
  /** Extended sequence number. */
  readonly sequence: number;
  readonly datagram: Buffer;
  /** The whole frames are `payloadStart` to `payloadEnd` of the datagram. */
  readonly payloadStart: number;
  readonly payloadEnd: number;
  readonly arrivalMs: number;
  /** All these frames are settled: played, or told as a gap. A file may still be mended with them. */
  readonly isLate: boolean;
}

/** Frames that did not come before their place was settled: `start` included, `end` not, in extended timestamps. */
export interface Gap extends Range {
  readonly timeline: number;
}

/** Called during `receive` and `advance`. A handler must not call back into the reception. */
export interface ReceptionEvents {
  timeline(timeline: Timeline): void;
  /** Once for every packet of the stream; duplicates are left out. */
  packet(packet: ReceivedPacket): void;
  gap(gap: Gap): void;
  /** The stream comes from another address alone by now: one of the two networks that carried it is down. */
  moved?(from: string): void;
}

/** Running totals. */
export interface ReceptionCounters {
  /** Packets of the stream, each counted once, late ones too. */
  readonly packets: number;
  /** Their sample frames. */
  readonly frames: number;
  /** Packets that are missing between the first and the highest sequence number, at the moment. */
  readonly lost: number;
  readonly duplicated: number;
  /** Packets that came after one with a higher sequence number. */
  readonly reordered: number;
  /** Packets whose frames were all settled when they came. */
  readonly late: number;
  /** Datagrams that are no RTP packets or hold no whole frame. */
  readonly malformed: number;
  /** Packets whose payload was not a whole number of frames; the rest was dropped. */
  readonly unevenPayloads: number;
  readonly foreignPayloadTypes: number;
  /** Packets of sources that are not heard. */
  readonly strangers: number;
  /** Packets of a new source that were dropped because too many had to wait. */
  readonly droppedWhileHeld: number;
  readonly gaps: number;
  readonly gapFrames: number;
  readonly timelines: number;
  /** Interarrival jitter of RFC 3550 in milliseconds, and its largest single step. */
  readonly jitterMs: number;
  readonly maximumJitterMs: number;
}
