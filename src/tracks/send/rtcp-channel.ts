import { createSocket, type Socket } from 'node:dgram';
import { type Clock, monotonicNs, type Timer } from '../../core/clock.ts';
import { DistreamError, ProtocolViolation, reasonOf } from '../../core/errors.ts';
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
  /** Of its packets; its RTCP goes to the port above. */
  readonly destination: PaceDestination;
  readonly bitsPerSecond: number;
  readonly feedback: FlowFeedback;
}

/** What the reports of a session need. */
export interface RtcpChannelOptions {
  readonly flows: readonly ReportedFlow[];
  readonly cname: string;
  readonly streamClock: StreamClock;
  readonly clock: Clock;
  readonly random: () => number;
  readonly statistics: () => readonly FlowStatistics[];
}

/** IPv4 and UDP. */
const HEADER_BYTES = 28;

/** RTCP of all flows of a session, on one socket: sends their reports, takes those of receivers, answers their requests. */
export class RtcpChannel {
  readonly #options: RtcpChannelOptions;
  readonly #socket: Socket;
  readonly #bySsrc: ReadonlyMap<number, ReportedFlow>;
  #timer: Timer | undefined;
  #averageBytes = 100;
  #malformed = 0;
  #isClosed = false;

  private constructor(options: RtcpChannelOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    this.#bySsrc = new Map(options.flows.map((flow) => [flow.ssrc, flow]));
    socket.on('error', () => {});
    socket.on('message', (datagram) => this.#receive(datagram));
  }

  /** Opens the socket. Rejects with DistreamError ADDRESS_UNAVAILABLE. */
  static async open(options: RtcpChannelOptions): Promise<RtcpChannel> {
    const { address, localAddress, multicast } = options.flows[0]!.destination;
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        const host = localAddress ?? 'any address';
        reject(new DistreamError('ADDRESS_UNAVAILABLE', { host, reason: reasonOf(error) }, { cause: error }));
      });
      socket.bind(localAddress === undefined ? { port: 0 } : { port: 0, address: localAddress }, resolve);
    });
    socket.removeAllListeners('error');
    if (multicast) {
      if (localAddress !== undefined) socket.setMulticastInterface(localAddress);
      socket.setMulticastTTL(multicast.ttl);
    }
    return new RtcpChannel(options, socket);
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
        members: 1 + Math.max(1, ...flows.map(({ feedback }) => feedback.receivers.length)),
        senders: 1,
        sessionBitsPerSecond: flows[0]!.bitsPerSecond,
        isSender: true,
        averageBytes: this.#averageBytes,
        isFirst: false,
      },
      random(),
    );
    this.#timer = clock.after(waitMs, () => this.start());
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
    this.#socket.close();
  }

  async #report(isLast: boolean): Promise<void> {
    const { flows, cname, streamClock, statistics } = this.#options;
    const sent = statistics();
    await Promise.all(
      flows.map(({ ssrc, sampleRate, destination }, index) => {
        const { sent: packets, bytes } = sent[index]!;
        const times = streamClock.reportTimes(monotonicNs(), sampleRate);
        const octets = bytes - packets * RTP_HEADER_BYTES;
        const report = senderReport({ ssrc, cname, ...times, packets, octets }, isLast);
        this.#averageBytes = averageRtcpBytes(this.#averageBytes, report.length + HEADER_BYTES);
        return this.#send(report, destination.port + 1, destination.address);
      }),
    );
  }

  /** What the network does not take is lost, as any datagram may be. */
  #send(datagram: Buffer, port: number, address: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isClosed) resolve();
      else this.#socket.send(datagram, port, address, () => resolve());
    });
  }

  #receive(datagram: Buffer): void {
    this.#averageBytes = averageRtcpBytes(this.#averageBytes, datagram.length + HEADER_BYTES);
    try {
      for (const message of decodeRtcp(datagram)) this.#take(message);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#malformed++;
    }
  }

  #take(message: RtcpMessage): void {
    if (message.kind === 'receiver-report' || message.kind === 'sender-report') {
      for (const block of message.blocks) {
        const flow = this.#bySsrc.get(block.ssrc);
        if (!flow) continue;
        const { ntp } = this.#options.streamClock.reportTimes(monotonicNs(), flow.sampleRate);
        flow.feedback.report(message.ssrc, block, ntp);
      }
    } else if (message.kind === 'bye') {
      for (const { feedback } of this.#options.flows) for (const ssrc of message.ssrcs) feedback.bye(ssrc);
    } else if (message.kind === 'nack') {
      const flow = this.#bySsrc.get(message.mediaSsrc);
      if (!flow) return;
      const { address, port } = flow.destination;
      // To the flow's own destination, whoever asked: nobody can point the packets at somebody else. A copy, because
      // the ring may be written on before the datagram is with the kernel.
      for (const packet of flow.feedback.answer(message, this.#options.clock.nowMs())) {
        void this.#send(Buffer.from(packet), port, address);
      }
    }
  }
}
