import type { Encoding, PcmFormat } from '../types.ts';
import type { RedundancyMode } from './redundancy-measure.ts';

/** One file or source. */
export interface PlanTrack {
  readonly name: string;
  readonly format: PcmFormat;
  /** Bits of a sample that carry sound; `format.bitsPerSample` when missing. */
  readonly validBits?: number | undefined;
  /** Its length, where it has one. */
  readonly frames?: number | undefined;
}

/**
 * How channels become flows. `track`: a flow for each track, divided after 8 channels. `mono`: a flow for each channel.
 * A number from 1 to 8: tracks share flows of up to that many channels; a track stays in one flow where it can.
 */
export type FlowLayout = 'track' | 'mono' | number;

/** What is known of the delay; what is missing is assumed, and said so. All in microseconds. */
export interface LatencyFacts {
  /** How late 99.9 % of the packets left at most, measured on this machine. */
  readonly senderLatenessUs?: number | undefined;
  /** The pacing thread has real-time scheduling: what is assumed of its lateness is less. */
  readonly isRealtime?: boolean | undefined;
  /** One way through the network, measured. */
  readonly pathUs?: number | undefined;
  /** The receiver's jitter buffer; a recorder's is 1 s. */
  readonly bufferUs?: number | undefined;
  /** What the sound goes to: a sound card's block; a file adds nothing. */
  readonly sinkUs?: number | undefined;
}

/** What somebody wants to send. */
export interface PlanRequest {
  readonly tracks: readonly PlanTrack[];
  /** Default `track`. */
  readonly layout?: FlowLayout | undefined;
  /** Packet time, 125 to 10000. Default 1000. */
  readonly ptimeUs?: number | undefined;
  /** For all tracks; by default 16 bit goes as L16 and everything else as L24. */
  readonly encoding?: Encoding | undefined;
  /** Tracks of several sample rates may go together, in flows of their own. */
  readonly mixed?: boolean | undefined;
  /** Float may be rounded to integers. */
  readonly float?: boolean | undefined;
  /** Integers may lose their lowest bits. */
  readonly convert?: boolean | undefined;
  /** The largest IP packet of the network. Default 1500. */
  readonly mtuBytes?: number | undefined;
  /** Default 4. */
  readonly ipVersion?: 4 | 6 | undefined;
  /** What the machine is trusted to send. Default 80000, the better part of a core. */
  readonly maxPacketsPerSecond?: number | undefined;
  /** What goes to the second port of each flow. Default none. */
  readonly redundancy?: RedundancyMode | undefined;
  /** How many networks get the same packets, 1 or 2. Default 1. */
  readonly networks?: number | undefined;
  readonly latency?: LatencyFacts | undefined;
}
