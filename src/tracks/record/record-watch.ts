import { basename } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { cleanText } from '../../core/text.ts';
import { LOSS } from '../view/loss-map.ts';
import { inOctaves } from '../view/octaves.ts';
import { byNumber, type Track, type TrackFlow, type TrackSession } from '../view/schema.ts';
import type { WatchedTracks } from '../view/watched.ts';
import type { FlowLine } from './flow-line.ts';
import { flowFacts } from './record-progress.ts';
import type { Take, TakeFlow } from './take.ts';

/** What a take is watched with. */
export interface RecordWatchOptions {
  readonly take: Take;
  readonly bufferMs: number;
  readonly clock: Clock;
  /** Packets of a flow that came because they were asked for again, or were made again out of parity. */
  readonly repairedOf: (line: FlowLine) => number;
}

/** Histograms are long: they are made anew so often. */
const HISTOGRAMS_EVERY_MS = 2000;
const NO_HISTOGRAMS = {};
const STATES = { waiting: 'waiting', recording: 'running', silent: 'silent', ended: 'ended' } as const;
const MAX_TEXT = 200;

/** A take to be looked at while it is recorded, and for as long as somebody keeps this after it. */
export class RecordWatch implements WatchedTracks {
  readonly id = 'record';
  /** What is done with the take now. */
  stage: 'recording' | 'repairing' | 'ended' = 'recording';
  /** The newest note about it. */
  words: string | undefined;
  readonly #options: RecordWatchOptions;
  readonly #repaired: number[] = [];
  #histograms: readonly Pick<TrackFlow, 'spacing' | 'lateness'>[] = [];
  #histogramsMs = Number.NEGATIVE_INFINITY;
  #isWatched = false;

  constructor(options: RecordWatchOptions) {
    this.#options = options;
    // From the first frames on, so that the map begins where the take does.
    for (const { tracks } of options.take.flows) void tracks.watched;
  }

  /** A flow was added to the take. */
  added({ tracks }: TakeFlow): void {
    tracks.watched.watch(this.#isWatched);
  }

  /** To be called about once a second while it is recorded: marks what was repaired meanwhile. */
  tick(): void {
    const { take, repairedOf } = this.#options;
    for (const [index, { line, tracks }] of take.flows.entries()) {
      const repaired = repairedOf(line);
      const before = this.#repaired[index] ?? 0;
      this.#repaired[index] = repaired;
      if (repaired <= before || take.path === undefined) continue;
      // What was asked for again came a moment ago, to the end of what waits.
      const end = tracks.watched.seconds + line.bufferedMs / 1000;
      tracks.watched.map.mark(Math.max(0, end - 0.5), end, LOSS.repaired);
    }
  }

  view(): TrackSession {
    const { take, bufferMs } = this.#options;
    const { path, flows } = take;
    this.#refreshHistograms();
    const tracks = flows.flatMap((flow, index) => tracksOf(flow, index));
    return {
      kind: 'record',
      title: path === undefined ? '' : basename(path),
      state: this.#state(),
      ...(path === undefined ? {} : { startUtc: new Date(take.startUtcMs).toISOString(), take: basename(path) }),
      seconds: round(Math.max(0, ...flows.map(({ line, spec }) => line.written / spec.sampleRate)), 2),
      ...(this.words === undefined ? {} : { words: cleanText(this.words, 500) }),
      targetBufferMs: bufferMs,
      flows: byNumber(flows.map((flow, index) => this.#flow(flow, index))),
      tracks: byNumber(tracks),
    };
  }

  watch(isWatched: boolean): void {
    this.#isWatched = isWatched;
    for (const { tracks } of this.#options.take.flows) tracks.watched.watch(isWatched);
  }

  takeLevels(into: number[]): void {
    for (const { tracks } of this.#options.take.flows) tracks.watched.takeLevels(into);
  }

  #state(): TrackSession['state'] {
    if (this.stage !== 'recording') return this.stage;
    return this.#options.take.path === undefined ? 'waiting' : 'running';
  }

  #flow(flow: TakeFlow, index: number): TrackFlow {
    const { clock, repairedOf } = this.#options;
    const { spec, line, tracks } = flow;
    const facts = flowFacts(flow, clock.nowMs(), repairedOf(line));
    const { packets, lost, late, duplicated, reordered, repaired, malformed, strangers, gaps, restarts } = facts;
    const [first] = spec.paths;
    return {
      title: cleanText(spec.title, MAX_TEXT),
      state: this.stage === 'recording' ? STATES[facts.state] : 'ended',
      ...(first && { address: `${first.address ?? ''}:${first.port}` }),
      encoding: spec.encoding,
      sampleRate: spec.sampleRate,
      channels: spec.channels,
      counters: { packets, lost, late, duplicated, reordered, repaired, malformed, strangers, gaps, restarts },
      bufferMs: Math.round(this.stage === 'recording' ? facts.bufferedMs : 0),
      jitterMs: round(facts.jitterMs, 2),
      ...(facts.driftPpm === undefined ? {} : { driftPpm: round(facts.driftPpm, 1) }),
      gapSeconds: round(facts.gapSeconds, 3),
      map: tracks.watched.map.view(),
      ...(this.#histograms[index] ?? NO_HISTOGRAMS),
    };
  }

  #refreshHistograms(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#histogramsMs < HISTOGRAMS_EVERY_MS) return;
    this.#histogramsMs = nowMs;
    this.#histograms = this.#options.take.flows.map(({ line: { arrivals } }) => ({
      spacing: inOctaves(arrivals.spacing.account()),
      lateness: inOctaves(arrivals.lateness.account()),
    }));
  }
}

function tracksOf({ tracks }: TakeFlow, flow: number): Track[] {
  return tracks.shapes.map(({ name, fileName, format }, index) => {
    const failure = tracks.files[index]?.failure;
    return {
      name: cleanText(name, MAX_TEXT),
      flow,
      channels: format.channels,
      file: `${fileName}.wav`,
      ...(failure === undefined ? {} : { problem: cleanText(failure, MAX_TEXT) }),
    };
  });
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
