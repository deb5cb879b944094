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

/** What the receivers of one flow report and ask for. */
export class FlowFeedback {
  readonly #options: FeedbackOptions;
  readonly #budget: ResendBudget;
  readonly #receivers = new Map<number, ReceiverView>();
  #counters = { asked: 0, resent: 0, gone: 0, refused: 0 };

  constructor(options: FeedbackOptions) {
    this.#options = options;
    this.#budget = new ResendBudget(options.packetsPerSecond);
  }

  get receivers(): readonly ReceiverView[] {
    return [...this.#receivers.values()];
  }

  get counters(): ResendCounters {
    return { ...this.#counters };
  }

  /** Notes a report about the flow. Of more than 32 receivers the first are shown. */
  report(ssrc: number, block: ReportBlock, nowNtp: bigint): void {
    if (!this.#receivers.has(ssrc) && this.#receivers.size >= MAX_RECEIVERS) return;
    this.#receivers.set(ssrc, {
      ssrc,
      fractionLost: block.fractionLost / 256,
      packetsLost: block.cumulativeLost,
      jitterMs: (block.jitter * 1000) / this.#options.sampleRate,
      roundTripMs: roundTripMs(block, nowNtp),
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

  /** The last packet that left with that number. */
  #packetOf(sequence: number): Buffer | undefined {
    const { history, firstSequence } = this.#options;
    const last = (history.sent - 1) | 0;
    const back = (firstSequence + last - sequence) & 0xffff;
    return history.sent > 0 || last >= back ? history.sentPacket((last - back) | 0) : undefined;
  }
}
