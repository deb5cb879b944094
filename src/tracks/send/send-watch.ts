import type { Clock, Timer } from '../../core/clock.ts';
import { cleanText } from '../../core/text.ts';
import type { PacketPlan } from '../plan/schema.ts';
import { Histogram } from '../proof/histogram.ts';
import { encodingBytes } from '../types.ts';
import { LevelQueue } from '../view/level-queue.ts';
import { LOSS, LossMap } from '../view/loss-map.ts';
import { inOctaves } from '../view/octaves.ts';
import { byNumber, type Track, type TrackFlow, type TrackSession } from '../view/schema.ts';
import type { WatchedTracks } from '../view/watched.ts';
import type { FlowProgress, SendProgress } from './send-session.ts';

/** What a session is watched with. */
export interface SendWatchOptions {
  readonly plan: PacketPlan;
  readonly name: string;
  readonly levels: { watch(queues: readonly LevelQueue[] | undefined): void };
  readonly startUtcMs: number;
  readonly clock: Clock;
  readonly progress: () => SendProgress;
  /** Counters of lateness, see `PaceStatistics`. */
  readonly latenessBins: () => readonly number[];
}

const LOOK_EVERY_MS = 1000;
const MAX_TEXT = 200;

/**
 * A session to be looked at while it is sent. What became of packets is looked at once a second: lost is what the
 * network did not take, what was read too late and what receivers say they miss; repaired what was sent again.
 */
export class SendWatch implements WatchedTracks {
  readonly id = 'send';
  /** The newest note about it. */
  words: string | undefined;
  readonly #options: SendWatchOptions;
  readonly #maps: readonly LossMap[];
  readonly #timer: Timer;
  #before: SendProgress | undefined;
  #queues: readonly LevelQueue[] | undefined;
  #isOver = false;

  constructor(options: SendWatchOptions) {
    this.#options = options;
    this.#maps = options.plan.flows.map(() => new LossMap());
    this.#timer = options.clock.every(LOOK_EVERY_MS, () => this.#look());
  }

  view(): TrackSession {
    const { plan, name, startUtcMs } = this.#options;
    const progress = this.#options.progress();
    const { elapsedSeconds, totalSeconds, bufferMs } = progress;
    const histogram = new Histogram();
    histogram.addBins(this.#options.latenessBins());
    return {
      kind: 'send',
      title: cleanText(name, MAX_TEXT),
      state: this.#isOver ? 'ended' : elapsedSeconds < 0 ? 'waiting' : 'running',
      startUtc: new Date(startUtcMs).toISOString(),
      seconds: Number(Math.min(elapsedSeconds, totalSeconds ?? elapsedSeconds).toFixed(2)),
      ...(totalSeconds === undefined ? {} : { totalSeconds }),
      ...(this.words === undefined ? {} : { words: cleanText(this.words, 500) }),
      lateness: inOctaves(histogram.account()),
      flows: byNumber(plan.flows.map((_, index) => this.#flow(index, progress, bufferMs))),
      tracks: byNumber(plan.tracks.map((_, index) => this.#track(index, progress))),
    };
  }

  watch(isWatched: boolean): void {
    const { plan, levels } = this.#options;
    this.#queues = isWatched
      ? plan.tracks.map(
          ({ sampleRate, channels, encoding }) =>
            new LevelQueue({ sampleRate, channels, sampleBytes: encodingBytes(encoding) }),
        )
      : undefined;
    levels.watch(this.#queues);
  }

  takeLevels(into: number[]): void {
    for (const queue of this.#queues ?? []) queue.take(into);
  }

  /** All was sent, or it was stopped. The view stays. */
  close(): void {
    this.#timer.cancel();
    this.watch(false);
    this.#isOver = true;
  }

  #look(): void {
    const now = this.#options.progress();
    const end = Math.min(now.elapsedSeconds, now.totalSeconds ?? now.elapsedSeconds);
    const from = Math.max(0, this.#before?.elapsedSeconds ?? 0);
    for (const [index, map] of this.#maps.entries()) {
      map.mark(from, end, lossBetween(this.#before?.flows[index], now.flows[index]!));
    }
    this.#before = now;
  }

  #flow(index: number, { flows }: SendProgress, bufferMs: number): TrackFlow {
    const { sources, encoding, sampleRate, channels } = this.#options.plan.flows[index]!;
    const { address, port, sent, lost, refused, underruns, resends, receivers } = flows[index]!;
    const names = sources.map(({ track }) => this.#options.plan.tracks[track]!.name);
    return {
      title: cleanText([...new Set(names)].join(', '), MAX_TEXT),
      state: this.#isOver ? 'ended' : sent > 0 ? 'running' : 'waiting',
      address: `${address}:${port}`,
      encoding,
      sampleRate,
      channels,
      counters: {
        packets: sent,
        lost,
        refused,
        underruns,
        resent: resends.resent,
        receivers: receivers.length,
        lost_by_receivers: receiverLosses(flows[index]!),
      },
      bufferMs: Math.round(this.#isOver ? 0 : bufferMs),
      ...(receivers.length > 0
        ? { jitterMs: Number(Math.max(...receivers.map(({ jitterMs }) => jitterMs)).toFixed(2)) }
        : {}),
      map: this.#maps[index]!.view(),
    };
  }

  #track(index: number, { tracks }: SendProgress): Track {
    const { plan } = this.#options;
    const { name, channels } = plan.tracks[index]!;
    const problem = tracks[index]?.problem;
    const flow = plan.flows.findIndex(({ sources }) => sources.some(({ track }) => track === index));
    return {
      name: cleanText(name, MAX_TEXT),
      flow: Math.max(0, flow),
      channels,
      ...(problem === undefined ? {} : { problem: cleanText(problem, MAX_TEXT) }),
    };
  }
}

function receiverLosses({ receivers }: FlowProgress): number {
  return Math.max(0, ...receivers.map(({ packetsLost }) => packetsLost));
}

function lossBetween(before: FlowProgress | undefined, now: FlowProgress) {
  const troubles = (flow: FlowProgress | undefined) => (flow ? flow.lost + flow.underruns + receiverLosses(flow) : 0);
  if (troubles(now) > troubles(before)) return LOSS.lost;
  if (now.resends.resent > (before?.resends.resent ?? 0)) return LOSS.repaired;
  return now.sent > (before?.sent ?? 0) ? LOSS.whole : LOSS.none;
}
