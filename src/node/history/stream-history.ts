/**
 * The history of one stream: a second for five minutes, ten seconds for an hour, two minutes for a day.
 * @module
 */
import { z } from 'zod';
import { HEARD, type HistoryPoint, PointGatherer } from './point.ts';
import { HistoryRing } from './ring.ts';

/** The spans that are kept. */
export const SPANS = ['5m', '1h', '24h'] as const;
/** One of them. */
export type Span = (typeof SPANS)[number];

const column = (text: string) => z.array(z.number().nullable()).describe(`${text}; \`null\` where it is not known`);

/** What `GET /api/v1/streams/NAME/history` answers: columns of equal length, oldest first. */
export const historySchema = z.object({
  span: z.enum(SPANS),
  stepMs: z.int().min(1000).describe('Length of a step'),
  t: z.array(z.number()).describe('When each step ended: UTC in milliseconds since 1970'),
  reserveSeconds: column('Lowest reserve of the step'),
  bitrate: column('kbit/s, mean of the step'),
  listeners: column('Most listeners of the step'),
  latencySeconds: column('How far what listeners are given is behind the moment when it was made; mean of the step'),
  state: z
    .array(z.int().min(0).max(4))
    .describe('The worst of the step: 0 no data, 1 sound, 2 outage bridged, 3 gap heard, 4 fallback'),
});

/** A history as the API gives it. */
export type HistoryView = z.infer<typeof historySchema>;

/** How a stream is now. */
export interface StreamSample {
  readonly state: 'waiting' | 'filling' | 'live' | 'reserve' | 'fallback' | 'silent';
  /** Gaps and stalls so far. */
  readonly gaps: number;
  readonly reserveSeconds: number;
  /** kbit/s; undefined until known. */
  readonly bitrate: number | undefined;
  readonly listeners: number;
  /** Undefined until there is sound. */
  readonly latencySeconds: number | undefined;
}

/** The history of one stream; about 24 KB. */
export class StreamHistory {
  readonly #seconds = new HistoryRing(1000, 300);
  readonly #tens = new HistoryRing(10_000, 360);
  readonly #minutes = new HistoryRing(120_000, 720);
  readonly #ten = new PointGatherer();
  readonly #twoMinutes = new PointGatherer();
  #gaps: number | undefined;

  /** To be called once a second. */
  add(sample: StreamSample): void {
    const point = pointOf(sample, sample.gaps > (this.#gaps ?? sample.gaps));
    this.#gaps = sample.gaps;
    this.#seconds.push(point);
    this.#ten.add(point);
    if (this.#ten.points < 10) return;
    const ten = this.#ten.take();
    this.#tens.push(ten);
    this.#twoMinutes.add(ten);
    if (this.#twoMinutes.points === 12) this.#minutes.push(this.#twoMinutes.take());
  }

  /** @param nowUtcMs the newest step ended then, or less than a step before */
  view(span: Span, nowUtcMs: number): HistoryView {
    const ring = span === '5m' ? this.#seconds : span === '1h' ? this.#tens : this.#minutes;
    const open = span === '5m' ? 0 : span === '1h' ? this.#ten.points : this.#twoMinutes.points * 10 + this.#ten.points;
    const endMs = Math.round(nowUtcMs / 1000) * 1000 - open * 1000;
    const view: HistoryView = {
      span,
      stepMs: ring.stepMs,
      t: [],
      reserveSeconds: [],
      bitrate: [],
      listeners: [],
      latencySeconds: [],
      state: [],
    };
    for (let index = 0; index < ring.count; index++) {
      const point = ring.at(index);
      view.t.push(endMs - (ring.count - 1 - index) * ring.stepMs);
      view.reserveSeconds.push(shown(point.reserveSeconds));
      view.bitrate.push(shown(point.bitrate));
      view.listeners.push(shown(point.listeners));
      view.latencySeconds.push(shown(point.latencySeconds));
      view.state.push(point.state);
    }
    return view;
  }
}

function pointOf(sample: StreamSample, hasNewGap: boolean): HistoryPoint {
  return {
    reserveSeconds: sample.reserveSeconds,
    bitrate: sample.bitrate ?? Number.NaN,
    listeners: sample.listeners,
    latencySeconds: sample.latencySeconds ?? Number.NaN,
    state: hasNewGap ? HEARD.gap : STATES[sample.state],
  };
}

const STATES: Record<StreamSample['state'], number> = {
  waiting: HEARD.noData,
  filling: HEARD.noData,
  live: HEARD.sound,
  reserve: HEARD.bridged,
  fallback: HEARD.fallback,
  silent: HEARD.gap,
};

function shown(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 100) / 100 : null;
}
