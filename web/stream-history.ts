/**
 * What the last hours of a stream were like: the node's own history where it keeps one, and what this page has seen since.
 * @module
 */
import { signal } from '@preact/signals';
import type { History, StreamStatus } from './types.ts';

/** Codes of `History.state`. */
export const NO_DATA = 0;
export const SOUND = 1;
export const BRIDGED = 2;
export const GAP = 3;
export const FALLBACK = 4;

/** The spans that can be asked for. */
export type Span = '5m' | '1h' | '24h';
export const SPAN_MS: Record<Span, number> = { '5m': 300_000, '1h': 3_600_000, '24h': 86_400_000 };

/** One moment of a stream. */
export interface Moment {
  readonly t: number;
  /** How long it lasted, up to `t`. */
  readonly lengthMs: number;
  readonly reserveSeconds: number | null;
  readonly bitrate: number | null;
  readonly listeners: number | null;
  readonly latencySeconds: number | null;
  readonly state: number;
}

const STEP_MS = 1000;
const MAX_MOMENTS = 900;

/** How many listen. */
export function listenersOf(stream: StreamStatus): number {
  return stream.outputs.reduce((total, output) => total + (output.listeners ?? 0), 0);
}

function codeOf(stream: StreamStatus, stallsBefore: number | undefined): number {
  const { gaps, stalls } = stream.counters;
  if (stallsBefore !== undefined && gaps + stalls > stallsBefore) return GAP;
  if (stream.state === 'silent') return GAP;
  if (stream.state === 'fallback') return FALLBACK;
  if (stream.state === 'reserve') return BRIDGED;
  if (stream.state === 'live')
    return stream.inputs.some((each) => each.active && each.state !== 'live') ? BRIDGED : SOUND;
  return NO_DATA;
}

/** Asks a node for what it kept of a stream. Rejects where it keeps none. */
export type LoadHistory = (name: string, span: Span) => Promise<History>;

/** The history of one stream, as far as the page knows it. */
export class StreamHistory {
  readonly #load: LoadHistory;
  /** Counts up with each change. */
  readonly version = signal(0);
  /** The node keeps a history; undefined until it was asked. */
  isKept: boolean | undefined;
  #seen: Moment[] = [];
  #kept = new Map<Span, History>();
  #asked = new Map<Span, number>();
  #troubles: number | undefined;

  constructor(load: LoadHistory) {
    this.#load = load;
  }

  /** Notes a status; at most once a second. */
  note(stream: StreamStatus, atMs: number): void {
    const last = this.#seen.at(-1);
    if (last && atMs - last.t < STEP_MS * 0.8) return;
    const state = codeOf(stream, this.#troubles);
    this.#troubles = stream.counters.gaps + stream.counters.stalls;
    this.#seen.push({
      t: atMs,
      lengthMs: STEP_MS,
      reserveSeconds: stream.buffer.reserveSeconds,
      bitrate: stream.bitrateKbps ?? null,
      listeners: listenersOf(stream),
      latencySeconds: this.isKept ? null : stream.buffer.reserveSeconds,
      state,
    });
    if (this.#seen.length > MAX_MOMENTS) this.#seen.splice(0, this.#seen.length - MAX_MOMENTS);
    this.version.value++;
  }

  /** Asks the node for a span, unless it was asked a moment ago. */
  async ask(name: string, span: Span, atMs: number): Promise<void> {
    const before = this.#asked.get(span);
    if (this.isKept === false || (before !== undefined && atMs - before < SPAN_MS[span] / 60)) return;
    this.#asked.set(span, atMs);
    try {
      this.#kept.set(span, await this.#load(name, span));
      this.isKept = true;
      // What the node has told for every span that is shown need not be kept here as well.
      const toldUntil = Math.min(...Array.from(this.#kept.values(), ({ t }) => t.at(-1) ?? 0));
      this.#seen = this.#seen.filter(({ t }) => t > toldUntil);
      this.version.value++;
    } catch {
      if (this.isKept === undefined) this.isKept = false;
    }
  }

  /** The moments of a span, oldest first: what the node kept, then what was seen here. */
  moments(span: Span, nowMs: number): Moment[] {
    const from = nowMs - SPAN_MS[span];
    const kept = this.#kept.get(span);
    const old: Moment[] = [];
    if (kept) {
      kept.t.forEach((t, index) => {
        old.push({
          t,
          lengthMs: kept.stepMs,
          reserveSeconds: kept.reserveSeconds[index] ?? null,
          bitrate: kept.bitrate[index] ?? null,
          listeners: kept.listeners[index] ?? null,
          latencySeconds: kept.latencySeconds[index] ?? null,
          state: kept.state[index] ?? NO_DATA,
        });
      });
    }
    const lastKept = old.at(-1)?.t ?? Number.NEGATIVE_INFINITY;
    const seen = this.#seen.filter(({ t }) => t > lastKept);
    const first = seen[0];
    // Between the newest step of the node and the opening of this page lies no more than a step.
    if (first && kept && first.t - lastKept < kept.stepMs * 1.5) seen[0] = { ...first, lengthMs: first.t - lastKept };
    return [...old, ...seen].filter(({ t }) => t >= from);
  }
}
