import { type Clock, monotonicNs, type Timer } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { RTP_HEADER_BYTES } from '../../protocols/rtp/packet.ts';
import type { RtcpMessage } from '../../protocols/rtp/rtcp.ts';
import { decodeRtcp } from '../../protocols/rtp/rtcp-decode.ts';
import { averageRtcpBytes, rtcpIntervalMs } from '../../protocols/rtp/rtcp-interval.ts';
import type { PaceDestination } from '../pace/flow-socket.ts';
import type { FlowStatistics } from '../pace/statistics.ts';
import type { FlowFeedback } from './flow-feedback.ts';
import { senderReport } from './sender-reports.ts';
import type { StreamClock } from './stream-clock.ts';

/** A flow, for its reports. */
export interface ReportedFlow {
  readonly ssrc: number;
  readonly sampleRate: number;
  /** Of its packets, one in each network; its RTCP goes to the port above. */
  readonly destinations: readonly PaceDestination[];
  readonly bitsPerSecond: number;
  readonly feedback: FlowFeedback;
}

/** The part of a datagram socket that is needed here. */
export interface RtcpSocket {
  on(event: 'message', listener: (datagram: Buffer) => void): unknown;
  send(datagram: Uint8Array, port: number, address: string, done: () => void): void;
  close(): void;
}

/** What the reports of a session need. */
export interface RtcpChannelOptions {
  readonly flows: readonly ReportedFlow[];
  /** One for each network, in the order of the destinations; owned from now on. */
  readonly sockets: readonly RtcpSocket[];
  /** They hear what receivers send to the flows' groups; owned from now on. */
  readonly groupSockets?: readonly { readonly socket: RtcpSocket; readonly network: number }[];
  readonly cname: string;
  readonly streamClock: StreamClock;
  readonly clock: Clock;
  /** The instant on the clock that `streamClock` counts by; `monotonicNs` when undefined. */
  readonly nowNs?: () => bigint;
  readonly random: () => number;
  readonly statistics: () => readonly FlowStatistics[];
}

/** Often enough for a recorder to have one within its buffer. */
const LEAST_WAIT_MS = 400;
/** IPv4 and UDP. */
const HEADER_BYTES = 28;

/** RTCP of all flows of a session: sends their reports, takes those of receivers, answers their requests. */
export class RtcpChannel {
  readonly #options: RtcpChannelOptions;
  readonly #nowNs: () => bigint;
  readonly #bySsrc: ReadonlyMap<number, ReportedFlow>;
  /** Flows of several rates are put in step by their reports alone. */
  readonly #isMixed: boolean;
  #timer: Timer | undefined;
  #averageBytes = 100;
  #malformed = 0;
  #isClosed = false;

  constructor(options: RtcpChannelOptions) {
    this.#options = options;
    this.#nowNs = options.nowNs ?? monotonicNs;
    this.#isMixed = new Set(options.flows.map(({ sampleRate }) => sampleRate)).size > 1;
    this.#bySsrc = new Map(options.flows.map((flow) => [flow.ssrc, flow]));
    for (const [network, socket] of options.sockets.entries()) {
      socket.on('message', (datagram) => this.#receive(datagram, network));
    }
    for (const { socket, network } of options.groupSockets ?? []) {
      socket.on('message', (datagram) => this.#receive(datagram, network));
    }
  }

  /** Datagrams that were no RTCP. */
  get malformed(): number {
    return this.#malformed;
  }

  /** Sends the first reports now, and further ones from time to time (RFC 3550 6.2). */
  start(): void {
    if (this.#isClosed) return;
    const { flows, clock, random } = this.#options;
    void this.#report(false);
    const waitMs = rtcpIntervalMs(
      {
        members: 1 + Math.max(1, ...flows.map(({ feedback }) => feedback.receivers(clock.nowMs()).length)),
        senders: 1,
        sessionBitsPerSecond: flows[0]!.bitsPerSecond,
        isSender: true,
        averageBytes: this.#averageBytes,
        isFirst: false,
        isReducedMinimum: this.#isMixed,
      },
      random(),
    );
    this.#timer = clock.after(Math.max(LEAST_WAIT_MS, waitMs), () => this.start());
  }

  /** Says BYE for every flow and closes. Resolves when all has left. */
  async bye(): Promise<void> {
    await this.#report(true);
    this.close();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const socket of this.#options.sockets) socket.close();
    for (const { socket } of this.#options.groupSockets ?? []) socket.close();
  }

  async #report(isLast: boolean): Promise<void> {
    const { flows, cname, streamClock, statistics } = this.#options;
    const sent = statistics();
    await Promise.all(
      flows.flatMap(({ ssrc, sampleRate, destinations }, index) => {
        // Each network got its own packets, and they all count.
        const packets = Math.floor(sent[index]!.sent / destinations.length);
        const octets = Math.floor(sent[index]!.bytes / destinations.length) - packets * RTP_HEADER_BYTES;
        const times = streamClock.reportTimes(this.#nowNs(), sampleRate);
        const report = senderReport({ ssrc, cname, ...times, packets, octets }, isLast);
        this.#averageBytes = averageRtcpBytes(this.#averageBytes, report.length + HEADER_BYTES);
        return destinations.map(({ address, port }, network) =>
          this.#send(report, { address, port: port + 1, network }),
        );
      }),
    );
  }

  /** What the network does not take is lost, as any datagram may be. */
  #send(datagram: Buffer, to: { address: string; port: number; network: number }): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isClosed) resolve();
      else this.#options.sockets[to.network]!.send(datagram, to.port, to.address, () => resolve());
    });
  }

  #receive(datagram: Buffer, network: number): void {
    this.#averageBytes = averageRtcpBytes(this.#averageBytes, datagram.length + HEADER_BYTES);
    try {
      for (const message of decodeRtcp(datagram)) this.#take(message, network);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#malformed++;
    }
  }

  #take(message: RtcpMessage, network: number): void {
    const { flows, streamClock, clock } = this.#options;
    const nowMs = clock.nowMs();
    if (message.kind === 'receiver-report' || message.kind === 'sender-report') {
      for (const block of message.blocks) {
        const flow = this.#bySsrc.get(block.ssrc);
        if (!flow) continue;
        const { ntp } = streamClock.reportTimes(this.#nowNs(), flow.sampleRate);
        flow.feedback.report(message.ssrc, block, { ntp, nowMs });
      }
    } else if (message.kind === 'bye') {
      for (const { feedback } of flows) for (const ssrc of message.ssrcs) feedback.bye(ssrc);
    } else if (message.kind === 'nack') {
      const flow = this.#bySsrc.get(message.mediaSsrc);
      const destination = flow?.destinations[network];
      if (!flow || !destination) return;
      const { address, port } = destination;
      // To the flow's own destination, whoever asked: nobody can point the packets at somebody else. A copy, because
      // the ring may be written on before the datagram is with the kernel.
      for (const packet of flow.feedback.answer(message, nowMs)) {
        void this.#send(Buffer.from(packet), { address, port, network });
      }
    }
  }
}
