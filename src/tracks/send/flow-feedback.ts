import { roundTripMs } from '../../protocols/rtp/report-block.ts';
import type { Nack, ReportBlock } from '../../protocols/rtp/rtcp.ts';
import { ResendBudget } from './resend-budget.ts';

/** The part of a ring's writer that remembers packets. */
export interface PacketHistory {
  /** Packets that have left, modulo 2^32. */
  readonly sent: number;
  sentPacket(index: number): Buffer | undefined;
}

/** What a receiver has said last. */
export interface ReceiverView {
  readonly ssrc: number;
  /** 0 to 1, since its report before. */
  readonly fractionLost: number;
  readonly packetsLost: number;
  readonly jitterMs: number;
  readonly roundTripMs: number | undefined;
  /** When it said that, on the clock's `nowMs`. */
  readonly reportedMs: number;
}

/** How requests for packets were met. */
export interface ResendCounters {
  readonly asked: number;
  readonly resent: number;
  /** They were too old. */
  readonly gone: number;
  /** There were too many requests. */
  readonly refused: number;
}

/** A flow, as far as its receivers are concerned. */
export interface FeedbackOptions {
  readonly history: PacketHistory;
  readonly firstSequence: number;
  readonly sampleRate: number;
  readonly packetsPerSecond: number;
}

const MAX_RECEIVERS = 32;
/** Receivers report every 5 s or so; who has been silent for longer has left. */
const RECEIVER_LASTS_MS = 30_000;
/** Requests that are remembered, so that a packet counts as lost once. */
const MAX_ASKED = 4096;

/** What the receivers of one flow report and ask for. */
export class FlowFeedback {
  readonly #options: FeedbackOptions;
  readonly #budget: ResendBudget;
  readonly #receivers = new Map<number, ReceiverView>();
  readonly #asked = new Set<number>();
  #lastAsked = -1;
  #losses = { packets: 0, runs: 0 };
  #counters = { asked: 0, resent: 0, gone: 0, refused: 0 };

  constructor(options: FeedbackOptions) {
    this.#options = options;
    this.#budget = new ResendBudget(options.packetsPerSecond);
  }

  /** Those that have reported in the last 30 s. */
  receivers(nowMs: number): readonly ReceiverView[] {
    for (const [ssrc, { reportedMs }] of this.#receivers) {
      if (nowMs - reportedMs > RECEIVER_LASTS_MS) this.#receivers.delete(ssrc);
    }
    return [...this.#receivers.values()];
  }

  /** Packets that were asked for, each counted once, and how many runs of consecutive ones they are. */
  get losses(): { readonly packets: number; readonly runs: number } {
    return { ...this.#losses };
  }

  get counters(): ResendCounters {
    return { ...this.#counters };
  }

  /** Notes a report about the flow. Of more than 32 receivers the first are shown. */
  report(ssrc: number, block: ReportBlock, { ntp, nowMs }: { ntp: bigint; nowMs: number }): void {
    if (!this.#receivers.has(ssrc) && this.#receivers.size >= MAX_RECEIVERS) return;
    this.#receivers.set(ssrc, {
      ssrc,
      fractionLost: block.fractionLost / 256,
      packetsLost: block.cumulativeLost,
      jitterMs: (block.jitter * 1000) / this.#options.sampleRate,
      roundTripMs: roundTripMs(block, ntp),
      reportedMs: nowMs,
    });
  }

  /** A receiver has left. */
  bye(ssrc: number): void {
    this.#receivers.delete(ssrc);
  }

  /** The packets to send again; each valid until the ring is written on. */
  answer({ sequences }: Nack, nowMs: number): Buffer[] {
    const packets: Buffer[] = [];
    for (const sequence of sequences) {
      this.#counters.asked++;
      this.#noteLoss(sequence);
      const packet = this.#packetOf(sequence);
      if (!packet) this.#counters.gone++;
      else if (!this.#budget.take(nowMs)) this.#counters.refused++;
      else {
        this.#counters.resent++;
        packets.push(packet);
      }
    }
    return packets;
  }

  #noteLoss(sequence: number): void {
    if (this.#asked.has(sequence)) return;
    if (this.#asked.size >= MAX_ASKED) this.#asked.clear();
    this.#asked.add(sequence);
    this.#losses.packets++;
    if (((sequence - this.#lastAsked) & 0xffff) !== 1) this.#losses.runs++;
    this.#lastAsked = sequence;
  }

  /** The last packet that left with that number. */
  #packetOf(sequence: number): Buffer | undefined {
    const { history, firstSequence } = this.#options;
    const last = (history.sent - 1) | 0;
    const back = (firstSequence + last - sequence) & 0xffff;
    return history.sent > 0 || last >= back ? history.sentPacket((last - back) | 0) : undefined;
  }
}
