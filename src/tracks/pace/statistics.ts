/**
 * What the pacing worker counts, in memory that it shares with the main thread. The worker alone writes.
 * Counters are 64-bit floats: exact to 2^53, written without allocation.
 * @module
 */
import { LATENESS_BUCKETS, type LatenessSummary, latenessBucket, summarizeLateness } from './lateness.ts';

const FLOW_FIELDS = 8;
const SENT = 0;
const BYTES = 1;
const UNDERRUNS = 2;
const NEXT_SLOT = 3;
/** Two fields for each destination from here on: lost, refused. */
const DESTINATIONS = 4;

/** The most destinations of a flow. */
export const MAX_DESTINATIONS = 2;

/** What became of a flow's packets at one of its destinations. */
export interface DestinationStatistics {
  readonly lost: number;
  readonly refused: number;
}

/** One flow so far. */
export interface FlowStatistics {
  /** Packets given to the network, those that it refused included; with several destinations each counts. */
  readonly sent: number;
  /** Bytes of those packets, headers of UDP and IP not counted. */
  readonly bytes: number;
  /** Packets that the system did not take (no route, no memory); at least that many: see `FlowSocket`. */
  readonly lost: number;
  /** Answers that nobody listens at the destination's port (ICMP); no error of the sender. */
  readonly refused: number;
  /** Slots at which the ring was empty although more was to come. */
  readonly underruns: number;
  /** Slots that were served: the packets before this slot have left, or were not there. */
  readonly nextSlot: number;
  /** `lost` and `refused` of the first destination and the second one. */
  readonly destinations: readonly DestinationStatistics[];
}

/** A session so far. */
export interface PaceStatistics {
  /** How late packets left, against the grid; the time that sending takes counted. */
  readonly lateness: LatenessSummary;
  /** The counters behind `lateness`, by `latenessBucket`. */
  readonly latenessBins: readonly number[];
  /** How late the packet that was sent last left. */
  readonly behindMs: number;
  readonly flows: readonly FlowStatistics[];
}

/** The memory for the statistics of `flows` flows. */
export function allocateStatistics(flows: number): SharedArrayBuffer {
  return new SharedArrayBuffer(8 + flows * FLOW_FIELDS * 8 + LATENESS_BUCKETS * 4);
}

class StatisticsView {
  protected readonly session: Float64Array;
  protected readonly flowFields: Float64Array;
  protected readonly buckets: Uint32Array;

  constructor(memory: SharedArrayBuffer, flows: number) {
    this.session = new Float64Array(memory, 0, 1);
    this.flowFields = new Float64Array(memory, 8, flows * FLOW_FIELDS);
    this.buckets = new Uint32Array(memory, 8 + flows * FLOW_FIELDS * 8, LATENESS_BUCKETS);
  }
}

/** The worker's side: counts without allocation. */
export class StatisticsWriter extends StatisticsView {
  countSent(flow: number, bytes: number, latenessNs: number): void {
    this.flowFields[flow * FLOW_FIELDS + SENT]! += 1;
    this.flowFields[flow * FLOW_FIELDS + BYTES]! += bytes;
    this.session[0] = latenessNs;
    this.buckets[latenessBucket(latenessNs / 1000)]! += 1;
  }

  countLost(flow: number, destination: number): void {
    this.flowFields[flow * FLOW_FIELDS + DESTINATIONS + 2 * destination]! += 1;
  }

  countRefused(flow: number, destination: number): void {
    this.flowFields[flow * FLOW_FIELDS + DESTINATIONS + 2 * destination + 1]! += 1;
  }

  countUnderrun(flow: number): void {
    this.flowFields[flow * FLOW_FIELDS + UNDERRUNS]! += 1;
  }

  setNextSlot(flow: number, slot: number): void {
    this.flowFields[flow * FLOW_FIELDS + NEXT_SLOT] = slot;
  }
}

/** The main thread's side. */
export class StatisticsReader extends StatisticsView {
  /** A snapshot; the fields may be a packet apart from each other. */
  read(): PaceStatistics {
    const flows = Array.from({ length: this.flowFields.length / FLOW_FIELDS }, (_, flow) => {
      const field = (index: number) => this.flowFields[flow * FLOW_FIELDS + index]!;
      const destinations = Array.from({ length: MAX_DESTINATIONS }, (_, index) => ({
        lost: field(DESTINATIONS + 2 * index),
        refused: field(DESTINATIONS + 2 * index + 1),
      }));
      const sum = (pick: (one: DestinationStatistics) => number) =>
        destinations.reduce((all, one) => all + pick(one), 0);
      return {
        sent: field(SENT),
        bytes: field(BYTES),
        lost: sum(({ lost }) => lost),
        refused: sum(({ refused }) => refused),
        underruns: field(UNDERRUNS),
        nextSlot: field(NEXT_SLOT),
        destinations,
      };
    });
    return {
      lateness: summarizeLateness(this.buckets),
      latenessBins: Array.from(this.buckets),
      behindMs: this.session[0]! / 1e6,
      flows,
    };
  }
}
