import { createSocket, type Socket } from 'node:dgram';
import { type Clock, monotonicNs, type Timer } from '../core/clock.ts';
import { DistreamError, ProtocolViolation, reasonOf } from '../core/errors.ts';
import { type ClockEstimate, ClockFilter, clockSample } from '../protocols/ntp/offset.ts';
import { decodeNtp, encodeNtpRequest, judgeNtpAnswer } from '../protocols/ntp/packet.ts';
import { NtpPolls } from '../protocols/ntp/poll.ts';
import { ntpOfUtcMs } from '../protocols/ntp/timestamp.ts';
import { resolveHost } from './resolve-host.ts';
import type { SteadyUtc } from './steady-utc.ts';

const NTP_PORT = 123;
/** How long the first good answer is waited for. */
const FIRST_ANSWER_MS = 4_000;
/** How exactly our clock is read: the wall clock's millisecond, seen changing by a busy thread. */
const PRECISION_MS = 0.05;

/** What an NTP client needs. */
export interface NtpClientOptions {
  /** A name or an address, with `:port` when it is not 123. */
  readonly server: string;
  readonly clock: Clock;
  readonly utc: SteadyUtc;
  readonly random: () => number;
}

/** Measures how far our UTC is from a server's, again and again; sets no clock. Owns a socket until `close`. */
export class NtpClient {
  readonly #options: NtpClientOptions;
  readonly #socket: Socket;
  readonly #filter = new ClockFilter();
  readonly #polls = new NtpPolls();
  #pending: { sent: bigint; nonce: bigint } | undefined;
  #timer: Timer | undefined;
  #problem = 'no answer';
  #onAnswer: () => void = () => {};

  private constructor(options: NtpClientOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    socket.on('message', (datagram) => this.#receive(datagram));
    socket.on('error', (error) => {
      this.#problem = reasonOf(error);
    });
  }

  /**
   * Asks the server and resolves after its first good answer.
   * @throws DistreamError UNREACHABLE when none comes within some seconds
   */
  static async open(options: NtpClientOptions): Promise<NtpClient> {
    const { host, port } = splitServer(options.server);
    const address = await resolveHost(host);
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const client = new NtpClient(options, socket);
    try {
      // An error is told by the event; the client then waits in vain and says so.
      socket.connect(port, address, () => client.#ask());
      await client.#firstAnswer();
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** The best that is known now. */
  estimate(): ClockEstimate | undefined {
    return this.#filter.estimate(this.#options.clock.nowMs());
  }

  close(): void {
    this.#timer?.cancel();
    this.#socket.close();
  }

  #firstAnswer(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timeout = this.#options.clock.after(FIRST_ANSWER_MS, () => {
        reject(new DistreamError('UNREACHABLE', { url: `ntp://${this.#options.server}`, reason: this.#problem }));
      });
      this.#onAnswer = () => {
        timeout.cancel();
        resolve();
      };
    });
  }

  #ask(): void {
    const { clock, utc, random } = this.#options;
    const nonce = (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(Math.floor(random() * 2 ** 32));
    this.#pending = { sent: ntpOfUtcMs(utc.utcMsAt(monotonicNs())), nonce };
    this.#socket.send(encodeNtpRequest(nonce), (error) => {
      if (error) this.#problem = reasonOf(error);
    });
    const waitMs = this.#polls.next(random());
    if (waitMs !== undefined) this.#timer = clock.after(waitMs, () => this.#ask());
  }

  #receive(datagram: Buffer): void {
    const { clock, utc } = this.#options;
    const receivedTime = ntpOfUtcMs(utc.utcMsAt(monotonicNs()));
    if (!this.#pending) return;
    const { sent, nonce } = this.#pending;
    try {
      const packet = decodeNtp(datagram);
      const verdict = judgeNtpAnswer(packet, nonce);
      if (verdict.kind === 'refused') this.#problem = verdict.reason;
      if (verdict.kind === 'kiss') this.#kissed(verdict);
      if (verdict.kind !== 'good') return;
      this.#pending = undefined;
      const exchange = { sentTime: sent, receivedTime, receivedMs: clock.nowMs(), precisionMs: PRECISION_MS };
      this.#filter.add(clockSample(packet, exchange));
      this.#polls.answered();
      this.#onAnswer();
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#problem = 'the answer is no NTP packet';
    }
  }

  #kissed({ code, demand }: { code: string; demand: 'stop' | 'slow' }): void {
    this.#problem = `the server refuses us (${code})`;
    this.#polls.kissed(demand);
    if (demand === 'stop') this.#timer?.cancel();
  }
}

function splitServer(server: string): { host: string; port: number } {
  const match = /^([^:[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(server);
  const port = match ? Number(match[2]) : NTP_PORT;
  if (port < 1 || port > 65_535) throw new DistreamError('USAGE', { reason: `${server} has no usable port` });
  return { host: (match?.[1] ?? server).replace(/^\[|\]$/g, ''), port };
}
