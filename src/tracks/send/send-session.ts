import { type Clock, monotonicNs, sleep } from '../../core/clock.ts';
import type { NtpClient } from '../ntp-client.ts';
import type { LatenessSummary } from '../pace/lateness.ts';
import type { Pacer } from '../pace/pacer.ts';
import { askForRealtime, type RealtimeAnswer } from '../pace/realtime.ts';
import type { FlowStatistics } from '../pace/statistics.ts';
import type { PacketPlan } from '../plan/schema.ts';
import type { PcmHasher } from '../proof/pcm-hasher.ts';
import type { Take } from '../proof/take-schema.ts';
import { AHEAD_MS } from './ahead.ts';
import type { SapAnnouncer } from './announcer.ts';
import type { ReceiverView, ResendCounters } from './flow-feedback.ts';
import type { FlowPacker } from './flow-packer.ts';
import type { ReportedFlow, RtcpChannel } from './rtcp-channel.ts';
import { sendAccount } from './send-account.ts';
import type { StreamClock } from './stream-clock.ts';

/** A flow of a session. */
export interface SessionFlow extends ReportedFlow {
  readonly hasher: PcmHasher;
}

/** What a session is made of; it owns the pacer, the sockets and the clock's client. */
export interface SessionParts {
  readonly plan: PacketPlan;
  readonly name: string;
  readonly cname: string;
  readonly flows: readonly SessionFlow[];
  readonly pacer: Pacer;
  readonly packers: readonly FlowPacker[];
  readonly rtcp: RtcpChannel;
  readonly announcer: SapAnnouncer | undefined;
  readonly streamClock: StreamClock;
  readonly ntp: NtpClient | undefined;
  readonly ntpServer: string | undefined;
  readonly descriptionFiles: readonly string[];
  /** Undefined: without end. */
  readonly totalSeconds: number | undefined;
  readonly clock: Clock;
}

/** A flow so far. */
export interface FlowProgress extends FlowStatistics {
  readonly address: string;
  readonly port: number;
  readonly receivers: readonly ReceiverView[];
  readonly resends: ResendCounters;
}

/** A session so far. */
export interface SendProgress {
  /** Since the first sample frame; below 0 before it. */
  readonly elapsedSeconds: number;
  readonly totalSeconds: number | undefined;
  readonly lateness: LatenessSummary;
  readonly flows: readonly FlowProgress[];
}

const FILL_EVERY_MS = 50;
const PROGRESS_EVERY_MS = 1000;
/** What was read ahead leaves within this after a stop; then it is cut off. */
const DRAIN_MS = AHEAD_MS + 200;

/** A session that is ready to start. Made by `openSendSession`. */
export class SendSession {
  readonly #parts: SessionParts;

  /** For `openSendSession`. */
  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** The files of descriptions that were written. */
  get descriptionFiles(): readonly string[] {
    return this.#parts.descriptionFiles;
  }

  /** UTC of the first sample frame. */
  get startUtcMs(): number {
    return this.#parts.streamClock.startUtcMs;
  }

  /** Asks for real-time scheduling of the sending thread. Never throws. */
  askForRealtime(): Promise<RealtimeAnswer> {
    return askForRealtime(this.#parts.pacer.threadId);
  }

  /**
   * Sends, and resolves with the account when all has left, or after `signal` aborted: all flows then end at one
   * position, within half a second. Says BYE and deletes the announcements in any case.
   * @throws DistreamError TRACK_UNREADABLE
   */
  async run(signal: AbortSignal, onProgress: (progress: SendProgress) => void): Promise<Take> {
    const { clock, pacer, ntp } = this.#parts;
    const progress = clock.every(PROGRESS_EVERY_MS, () => onProgress(this.progress()));
    try {
      await this.#send(signal);
    } finally {
      progress.cancel();
      await pacer.stop();
      await Promise.all([this.#parts.rtcp.bye(), this.#parts.announcer?.stop()]);
      ntp?.close();
    }
    return this.#account();
  }

  /** A snapshot. */
  progress(): SendProgress {
    const { pacer, flows, streamClock, totalSeconds } = this.#parts;
    const statistics = pacer.statistics();
    return {
      elapsedSeconds: Number(monotonicNs() - streamClock.startNs) / 1e9,
      totalSeconds,
      lateness: statistics.lateness,
      flows: flows.map(({ destination: { address, port }, feedback }, index) => ({
        address,
        port,
        ...statistics.flows[index]!,
        receivers: feedback.receivers,
        resends: feedback.counters,
      })),
    };
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { clock, pacer, packers, rtcp, announcer, streamClock } = this.#parts;
    await this.#fill();
    announcer?.start();
    pacer.start(streamClock.startNs);
    const untilStartMs = Math.max(0, Number(streamClock.startNs - monotonicNs()) / 1e6);
    const reports = clock.after(untilStartMs, () => rtcp.start());
    try {
      while (!packers.every(({ isOver }) => isOver) && !signal.aborted) {
        await sleep(clock, FILL_EVERY_MS, signal);
        if (!signal.aborted) await this.#fill();
      }
    } finally {
      for (const packer of packers) packer.end();
      await this.#drain(signal);
      reports.cancel();
    }
  }

  /** Lets what is in the rings leave; after a stop not for long. */
  async #drain(signal: AbortSignal): Promise<void> {
    const { clock, pacer, streamClock } = this.#parts;
    const cut = () => void pacer.stop();
    if (signal.aborted && monotonicNs() < streamClock.startNs) return cut();
    let deadline = signal.aborted ? clock.after(DRAIN_MS, cut) : undefined;
    const onAbort = () => {
      deadline ??= clock.after(DRAIN_MS, cut);
    };
    signal.addEventListener('abort', onAbort);
    await pacer.ended.finally(() => {
      deadline?.cancel();
      signal.removeEventListener('abort', onAbort);
    });
  }

  async #fill(): Promise<void> {
    const { packers, streamClock } = this.#parts;
    const elapsedNs = Math.max(0, Number(monotonicNs() - streamClock.startNs));
    const untilNs = elapsedNs + AHEAD_MS * 1e6;
    await Promise.all(packers.map((packer) => packer.fillTo(Math.ceil(untilNs / packer.slotNs))));
  }

  #account(): Take {
    const { plan, name, cname, flows, pacer, packers, streamClock, ntp, ntpServer } = this.#parts;
    const { flows: statistics, latenessBins } = pacer.statistics();
    const packets = new Map(packers.map((packer) => [packer.sampleRate, packer.slots]));
    return sendAccount({
      id: cname,
      name,
      plan,
      startUtcMs: streamClock.startUtcMs,
      endUtcMs: streamClock.utcMsAt(monotonicNs()),
      server: ntpServer === undefined ? undefined : { name: ntpServer, estimate: ntp?.estimate() },
      accounts: flows.map(({ hasher }) => hasher.account()),
      statistics,
      resent: flows.map(({ feedback }) => feedback.counters.resent),
      latenessBins,
      isComplete: flows.every(({ sampleRate }, index) => statistics[index]!.sent === packets.get(sampleRate)),
    });
  }
}
