import type { Clock, Timer } from '../../core/clock.ts';
import { randomHex } from '../../core/random.ts';
import { VERSION } from '../../core/version.ts';
import type { RtcpMessage } from '../../protocols/rtp/rtcp.ts';
import { encodeRtcp } from '../../protocols/rtp/rtcp-encode.ts';
import { rtcpIntervalMs } from '../../protocols/rtp/rtcp-interval.ts';
import type { FlowLine } from './flow-line.ts';
import { Retransmission } from './retransmission.ts';

/** Sends a datagram from the flow's RTCP port. */
export type SendRtcp = (datagram: Buffer, port: number, address: string) => void;

/** A flow that is reported about. */
export interface ReportedLine {
  readonly line: FlowLine;
  readonly bitsPerSecond: number;
  readonly send: SendRtcp;
}

/** What reports need. */
export interface RtcpFeedbackOptions {
  readonly flows: readonly ReportedLine[];
  readonly bufferMs: number;
  /** Whether lost packets are asked for again. */
  readonly asksAgain: boolean;
  readonly clock: Clock;
  readonly random: () => number;
}

type Outgoing = Exclude<RtcpMessage, { kind: 'other' }>;

const AVERAGE_BYTES = 120;

/** The reports of a receiver to the senders of all its flows, and its requests for what was lost. Has no sockets. */
export class RtcpFeedback {
  readonly #options: RtcpFeedbackOptions;
  readonly #ssrc: number;
  readonly #cname: string;
  readonly #flows: ReportedLine[] = [];
  readonly #requests: Retransmission[] = [];
  #timer: Timer | undefined;
  #isFirst = true;

  constructor(options: RtcpFeedbackOptions) {
    this.#options = options;
    this.#ssrc = Math.floor(options.random() * 2 ** 32);
    this.#cname = `${randomHex(options.random, 12)}@distream`;
    for (const flow of options.flows) this.add(flow);
  }

  /** Reports about another flow, too. */
  add(flow: ReportedLine): void {
    this.#flows.push(flow);
    this.#requests.push(new Retransmission(flow.line, this.#options.bufferMs, flow.bitsPerSecond));
  }

  /** Packets of a flow that came because they were asked for. */
  repairedOf(line: FlowLine): number {
    const index = this.#flows.findIndex((flow) => flow.line === line);
    return this.#requests[index]?.repaired ?? 0;
  }

  /** Reports from time to time (RFC 3550 6.2), until `stop`. */
  start(): void {
    const { clock, random } = this.#options;
    const fastest = Math.max(1, ...this.#flows.map(({ bitsPerSecond }) => bitsPerSecond));
    const session = { members: 2, senders: 1, sessionBitsPerSecond: fastest, isSender: false };
    const waitMs = rtcpIntervalMs({ ...session, averageBytes: AVERAGE_BYTES, isFirst: this.#isFirst }, random());
    this.#timer = clock.after(waitMs, () => {
      this.#isFirst = false;
      this.#report([]);
      this.start();
    });
  }

  /** Asks for what is missing now. To be called several times within the buffer's length. */
  tick(): void {
    const { clock, asksAgain } = this.#options;
    if (!asksAgain) return;
    const nowMs = clock.nowMs();
    for (const [index, { line, send }] of this.#flows.entries()) {
      const to = line.feedbackTo;
      if (!to) continue;
      const sequences = this.#requests[index]!.due(nowMs);
      if (sequences.length === 0) continue;
      const nack = encodeRtcp([{ kind: 'nack', senderSsrc: this.#ssrc, mediaSsrc: to.ssrc, sequences }]);
      send(nack, to.port, to.address);
    }
  }

  /** Says BYE. */
  stop(): void {
    this.#timer?.cancel();
    this.#report([{ kind: 'bye', ssrcs: [this.#ssrc] }]);
  }

  #report(last: readonly Outgoing[]): void {
    const nowMs = this.#options.clock.nowMs();
    for (const { line, send } of this.#flows) {
      const to = line.feedbackTo;
      const block = to && line.reportBlock(nowMs);
      if (!block) continue;
      const report = encodeRtcp([
        { kind: 'receiver-report', ssrc: this.#ssrc, blocks: [block] },
        {
          kind: 'source-description',
          sources: [{ ssrc: this.#ssrc, cname: this.#cname, tool: `distream ${VERSION}` }],
        },
        ...last,
      ]);
      send(report, to.port, to.address);
    }
  }
}
