import { type Clock, monotonicNs, sleep } from '../../core/clock.ts';
import type { NtpClient } from '../ntp-client.ts';
import type { LatenessSummary } from '../pace/lateness.ts';
import type { Pacer } from '../pace/pacer.ts';
import { askForRealtime, type RealtimeAnswer } from '../pace/realtime.ts';
import type { FlowStatistics } from '../pace/statistics.ts';
import { measureText } from '../plan/redundancy-measure.ts';
import type { PacketPlan } from '../plan/schema.ts';
import type { Take } from '../proof/take-schema.ts';
import { AHEAD_MS } from './ahead.ts';
import type { SapAnnouncer } from './announcer.ts';
import type { ReceiverView, ResendCounters } from './flow-feedback.ts';
import type { FlowPacker } from './flow-packer.ts';
import type { SessionFlow } from './open-flows.ts';
import type { SessionRedundancy } from './redundancy/session-redundancy.ts';
import type { RtcpChannel } from './rtcp-channel.ts';
import { sendAccount } from './send-account.ts';
import { SendWatch } from './send-watch.ts';
import { senderClock } from './sender-clock.ts';
import type { PtpClock } from './session-options.ts';
import type { StreamClock } from './stream-clock.ts';
import type { TrackLevels } from './track-levels.ts';

/** What a session is made of; it owns the pacer, the sockets and the clock's client. */
export interface SessionParts {
  readonly plan: PacketPlan;
  readonly name: string;
  readonly cname: string;
  readonly flows: readonly SessionFlow[];
  readonly pacer: Pacer;
  readonly packers: readonly FlowPacker[];
  readonly rtcp: RtcpChannel;
  /** One for each network; none when the session is not announced. */
  readonly announcers: readonly SapAnnouncer[];
  readonly redundancy: SessionRedundancy;
  readonly levels: TrackLevels;
  /** By the number of the track: why it could not be read to its end. Grows while it runs. */
  readonly problems: ReadonlyMap<number, string>;
  readonly streamClock: StreamClock;
  readonly ntp: NtpClient | undefined;
  readonly ntpServer: string | undefined;
  readonly ptpClock: PtpClock | undefined;
  readonly descriptionFiles: readonly string[];
  /** Undefined: without end. */
  readonly totalSeconds: number | undefined;
  readonly clock: Clock;
}

/** A flow so far. */
export interface FlowProgress extends FlowStatistics {
  /** The first of its destinations. */
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
  /** How late the packet that was sent last left. */
  readonly behindMs: number;
  /** How much of the tracks is read and has not left yet. */
  readonly bufferMs: number;
  /** How far a server's clock is ahead of ours now, and how far it was at the start; undefined without a server. */
  readonly clock: { readonly server: string; readonly offsetMs: number; readonly errorBoundMs: number } | undefined;
  /** What is sent on the second ports now, in words; undefined: the session has none. */
  readonly redundancy: string | undefined;
  readonly tracks: readonly TrackProgress[];
  readonly flows: readonly FlowProgress[];
}

/** A track so far. */
export interface TrackProgress {
  readonly name: string;
  /** The highest sample that is heard now, 0 to 1 of full scale. */
  readonly peak: number;
  /** Why it could not be read to its end. */
  readonly problem?: string;
}

const FILL_EVERY_MS = 50;
/** What was read ahead leaves within this after a stop; then it is cut off. */
const DRAIN_MS = AHEAD_MS + 200;

/** How often progress is told, and to whom. */
export interface ProgressOptions {
  readonly everyMs: number;
  readonly onProgress: (progress: SendProgress) => void;
}

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

  /** The session, to be looked at. Its owner closes it. */
  watched(): SendWatch {
    const { plan, name, levels, clock, pacer } = this.#parts;
    return new SendWatch({
      plan,
      name,
      levels,
      clock,
      startUtcMs: this.startUtcMs,
      progress: () => this.progress(),
      latenessBins: () => pacer.statistics().latenessBins,
    });
  }

  /** Asks for real-time scheduling of the sending thread. Never throws. */
  askForRealtime(): Promise<RealtimeAnswer> {
    return askForRealtime(this.#parts.pacer.threadId);
  }

  /**
   * Sends, and resolves with the account when all has left, or after `signal` aborted: all flows then end at one
   * position, within half a second. Says BYE and deletes the announcements in any case.
   */
  async run(signal: AbortSignal, { everyMs, onProgress }: ProgressOptions): Promise<Take> {
    const { clock, pacer, ntp, redundancy } = this.#parts;
    const progress = clock.every(everyMs, () => onProgress(this.progress()));
    try {
      await this.#send(signal);
    } finally {
      progress.cancel();
      await pacer.stop();
      redundancy.stop();
      await Promise.all([this.#parts.rtcp.bye(), ...this.#parts.announcers.map((announcer) => announcer.stop())]);
      ntp?.close();
    }
    return this.#account();
  }

  /** A snapshot. */
  progress(): SendProgress {
    const { plan, pacer, flows, packers, streamClock, totalSeconds, levels, problems, clock } = this.#parts;
    const statistics = pacer.statistics();
    const elapsedNs = Number(monotonicNs() - streamClock.startNs);
    const peaks = levels.at(elapsedNs);
    const packedNs = Math.min(...packers.map(({ slots, slotNs }) => slots * slotNs));
    return {
      elapsedSeconds: elapsedNs / 1e9,
      totalSeconds,
      lateness: statistics.lateness,
      behindMs: statistics.behindMs,
      bufferMs: Math.max(0, packedNs - Math.max(0, elapsedNs)) / 1e6,
      clock: this.#clock(),
      redundancy: flows[0]?.redundancy ? measureText(this.#parts.redundancy.measure) : undefined,
      tracks: plan.tracks.map(({ name }, index) => {
        const problem = problems.get(index);
        return { name, peak: peaks[index]!, ...(problem === undefined ? {} : { problem }) };
      }),
      flows: flows.map(({ destinations, feedback }, index) => {
        const { address, port } = destinations[0]!;
        const receivers = feedback.receivers(clock.nowMs());
        return { ...statistics.flows[index]!, address, port, receivers, resends: feedback.counters };
      }),
    };
  }

  #clock(): SendProgress['clock'] {
    const { ntp, ntpServer } = this.#parts;
    const estimate = ntp?.estimate();
    if (!estimate || ntpServer === undefined) return undefined;
    const { offsetMs, errorBoundMs } = estimate;
    return { server: ntpServer, offsetMs, errorBoundMs };
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { clock, pacer, packers, rtcp, announcers, redundancy, streamClock } = this.#parts;
    await this.#fill();
    for (const announcer of announcers) announcer.start();
    redundancy.start();
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
    const { plan, name, cname, flows, pacer, packers, streamClock, ntp, ntpServer, ptpClock, problems } = this.#parts;
    const { flows: statistics, latenessBins } = pacer.statistics();
    const packets = new Map(packers.map((packer) => [packer.sampleRate, packer.slots]));
    return sendAccount({
      id: cname,
      name,
      plan,
      startUtcMs: streamClock.startUtcMs,
      endUtcMs: streamClock.utcMsAt(monotonicNs()),
      clock: senderClock({ ntpServer, ptpClock, estimate: ntp?.estimate() }),
      accounts: flows.map(({ hasher }) => hasher.account()),
      statistics: flows.map(({ destinations }, index) => {
        const flow = statistics[index]!;
        return { ...flow, sent: flow.sent / destinations.length };
      }),
      resent: flows.map(({ feedback }) => feedback.counters.resent),
      latenessBins,
      isComplete: flows.every(
        ({ sampleRate, destinations }, index) =>
          statistics[index]!.sent === packets.get(sampleRate)! * destinations.length,
      ),
      problems,
    });
  }
}
