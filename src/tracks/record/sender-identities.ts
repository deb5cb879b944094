import type { RtpReception } from '../../protocols/rtp/reception.ts';
import type { SenderReport } from '../../protocols/rtp/rtcp.ts';
import type { RtcpArrival } from './flow-line-types.ts';

const MAX_SENDERS = 16;

interface Sender {
  cname?: string;
  port?: number;
  report?: { readonly message: SenderReport; readonly arrivalMs: number; readonly arrivalUtcMs: number };
}

/**
 * What sources say of themselves by RTCP. Kept for a few that are not heard yet, too: the first report comes with the
 * first packet, before its stream is believed.
 */
export class SenderIdentities {
  readonly #senders = new Map<string, Sender>();
  #hasSaidBye = false;

  /** Whether the source that is heard has said BYE since `heard` was called. */
  get hasSaidBye(): boolean {
    return this.#hasSaidBye;
  }

  /** A source is heard from now on. */
  heard(): void {
    this.#hasSaidBye = false;
  }

  /** Takes the reports and names of a compound packet; what is about the source that is heard goes to the reception at once. */
  take(arrival: RtcpArrival, reception: RtpReception, heardFrom: string): void {
    const { messages, from, port, arrivalMs, arrivalUtcMs } = arrival;
    for (const message of messages) {
      if (message.kind === 'sender-report') {
        const sender = this.#senderOf(message.ssrc, from);
        sender.report = { message, arrivalMs, arrivalUtcMs };
        sender.port = port;
        if (from === heardFrom) reception.senderReport(message, arrivalMs, arrivalUtcMs);
      } else if (message.kind === 'source-description') {
        for (const { ssrc, cname } of message.sources) {
          if (cname !== undefined) this.#senderOf(ssrc, from).cname = cname;
        }
      } else if (message.kind === 'bye') {
        for (const ssrc of message.ssrcs) if (reception.bye(ssrc, from)) this.#hasSaidBye = true;
      }
    }
  }

  /** Tells the reception, which has just begun to hear a source, what that source reported before. */
  recall(reception: RtpReception, ssrc: number, from: string): void {
    const report = this.#senders.get(keyOf(ssrc, from))?.report;
    if (report) reception.senderReport(report.message, report.arrivalMs, report.arrivalUtcMs);
  }

  /** The port from which a source sends its reports: reports about it and requests go there. */
  portOf(ssrc: number, from: string): number | undefined {
    return this.#senders.get(keyOf(ssrc, from))?.port;
  }

  cnameOf(ssrc: number, from: string): string | undefined {
    return this.#senders.get(keyOf(ssrc, from))?.cname;
  }

  #senderOf(ssrc: number, from: string): Sender {
    const key = keyOf(ssrc, from);
    const sender = this.#senders.get(key) ?? {};
    this.#senders.delete(key);
    this.#senders.set(key, sender);
    if (this.#senders.size > MAX_SENDERS) this.#senders.delete(this.#senders.keys().next().value!);
    return sender;
  }
}

function keyOf(ssrc: number, from: string): string {
  return `${ssrc} ${from}`;
}
