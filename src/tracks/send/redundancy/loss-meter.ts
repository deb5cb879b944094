import type { MeasuredLoss } from './choose.ts';

/** What receivers said of one flow until now. */
export interface FlowLosses {
  /** Packets that left. */
  readonly sent: number;
  /** Packets that were asked for, each counted once, and how many runs they were. */
  readonly askedPackets: number;
  readonly askedRuns: number;
  /** The worst of the fractions that receivers have reported lately, 0 to 1. */
  readonly reportedFraction: number;
}

/** Makes the loss of a time span out of running totals. */
export class LossMeter {
  #before: readonly FlowLosses[] = [];

  /** The loss since the call before. */
  measure(flows: readonly FlowLosses[]): MeasuredLoss {
    let fraction = 0;
    let packets = 0;
    let runs = 0;
    for (const [index, now] of flows.entries()) {
      const before = this.#before[index] ?? { sent: 0, askedPackets: 0, askedRuns: 0 };
      const sent = now.sent - before.sent;
      const asked = now.askedPackets - before.askedPackets;
      fraction = Math.max(fraction, now.reportedFraction, sent > 0 ? Math.min(1, asked / sent) : 0);
      packets += asked;
      runs += now.askedRuns - before.askedRuns;
    }
    this.#before = flows;
    return { fraction, meanRun: runs > 0 ? packets / runs : 1 };
  }
}
