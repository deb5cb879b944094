import { RtpReception } from '../../protocols/rtp/reception.ts';
import type { ReceivedPacket, ReceptionCounters, Timeline } from '../../protocols/rtp/reception-types.ts';
import { Histogram, type HistogramAccount } from '../proof/histogram.ts';

/** What a stream is said to be. */
export interface ExaminedFormat {
  readonly sampleRate: number;
  readonly frameBytes: number;
  readonly payloadTypes: readonly number[];
  /** Sample frames in a packet; undefined when nobody says. */
  readonly framesPerPacket?: number | undefined;
  /** The timestamp of its reference clock's epoch. */
  readonly timestampOffset?: number | undefined;
  /** Milliseconds since that epoch at a UTC instant; undefined when its clock is not ours to know. */
  readonly epochMsAt?: ((utcMs: number) => number) | undefined;
}

/** What was measured of a stream. */
export interface StreamFacts {
  readonly seconds: number;
  readonly counters: ReceptionCounters;
  readonly packetsPerSecond: number;
  /** From one packet to the next in order, by their arrival. */
  readonly spacing: HistogramAccount;
  /** How much longer than the fastest packet each was on its way. */
  readonly lateness: HistogramAccount;
  /** How late the first packet was against the fastest of the half second after it: a sender that began late catches up. */
  readonly caughtUpMs: number;
  /** Packets by their sample frames, the commonest first; at most 16 sizes. */
  readonly packetFrames: readonly (readonly [frames: number, packets: number])[];
  /** How much faster its timestamps run than this machine's clock; undefined under two seconds. */
  readonly driftPpm: number | undefined;
  /** How far timestamps are ahead of the instant they arrive, in ms, by this machine's wall clock; the median. */
  readonly leadMs: number | undefined;
  /** Runs of timestamps: more than one when the sender began anew or jumped. */
  readonly runs: readonly { readonly ssrc: number; readonly from: string; readonly cause: Timeline['cause'] }[];
  readonly strangers: readonly { readonly ssrc: number; readonly from: string; readonly packets: number }[];
}

const WRAP = 2 ** 32;
const MAX_SIZES = 16;
const MAX_RUNS = 100;
const MAX_LEADS = 4096;
/** The drift is taken between the fastest packets of the first and the last part of the time. */
const PART_MS = 500;
const LEAST_DRIFT_MS = 2000;

interface Window {
  readonly startMs: number;
  leastTransitMs: number;
}

/** Measures one RTP stream. No sockets, no clock: datagrams and their arrival are handed in. Memory is bounded. */
export class StreamExaminer {
  readonly #format: ExaminedFormat;
  readonly #reception: RtpReception;
  readonly #spacing = new Histogram();
  readonly #lateness = new Histogram();
  readonly #sizes = new Map<number, number>();
  readonly #runs: StreamFacts['runs'][number][] = [];
  readonly #leads: number[] = [];
  #leastTransitMs = Number.POSITIVE_INFINITY;
  #firstTransitMs: number | undefined;
  #firstWindow: Window | undefined;
  #lastWindow: Window | undefined;
  #fullWindow: Window | undefined;
  #previousMs: number | undefined;
  #arrivalUtcMs = 0;

  constructor(format: ExaminedFormat) {
    this.#format = format;
    const { sampleRate, frameBytes, payloadTypes } = format;
    this.#reception = new RtpReception(
      { sampleRate, frameBytes, payloadTypes },
      {
        timeline: ({ ssrc, from, cause }) => this.#begin({ ssrc, from, cause }),
        packet: (packet) => this.#take(packet),
        gap: () => undefined,
      },
    );
  }

  /** Takes a datagram; see `RtpReception.receive`. */
  receive(datagram: Buffer, from: string, arrival: { readonly ms: number; readonly utcMs: number }): void {
    this.#arrivalUtcMs = arrival.utcMs;
    this.#reception.receive(datagram, from, arrival.ms);
  }

  /** @param seconds how long was listened */
  facts(seconds: number): StreamFacts {
    const { counters } = this.#reception;
    const sizes = [...this.#sizes].sort((a, b) => b[1] - a[1]);
    return {
      seconds,
      counters,
      packetsPerSecond: seconds > 0 ? counters.packets / seconds : 0,
      spacing: this.#spacing.account(),
      lateness: this.#lateness.account(),
      caughtUpMs: (this.#firstTransitMs ?? 0) - (this.#firstWindow?.leastTransitMs ?? 0),
      packetFrames: sizes,
      driftPpm: this.#driftPpm(),
      leadMs: medianOf(this.#leads),
      runs: this.#runs,
      strangers: this.#reception.strangers(),
    };
  }

  #begin(run: StreamFacts['runs'][number]): void {
    if (this.#runs.length < MAX_RUNS) this.#runs.push(run);
    this.#leastTransitMs = Number.POSITIVE_INFINITY;
    this.#firstTransitMs = undefined;
    this.#firstWindow = undefined;
    this.#lastWindow = undefined;
    this.#fullWindow = undefined;
    this.#previousMs = undefined;
  }

  #take({ position, frames, arrivalMs }: ReceivedPacket): void {
    const { sampleRate } = this.#format;
    if (this.#sizes.has(frames) || this.#sizes.size < MAX_SIZES) {
      this.#sizes.set(frames, (this.#sizes.get(frames) ?? 0) + 1);
    }
    if (this.#previousMs !== undefined) this.#spacing.record((arrivalMs - this.#previousMs) * 1000);
    this.#previousMs = arrivalMs;
    const transitMs = arrivalMs - (position * 1000) / sampleRate;
    this.#firstTransitMs ??= transitMs;
    this.#leastTransitMs = Math.min(this.#leastTransitMs, transitMs);
    this.#lateness.record((transitMs - this.#leastTransitMs) * 1000);
    this.#noteWindow(arrivalMs, transitMs);
    this.#noteLead(position);
  }

  #noteWindow(arrivalMs: number, transitMs: number): void {
    let window = this.#lastWindow;
    if (!window || arrivalMs - window.startMs >= PART_MS) {
      this.#fullWindow = window;
      window = { startMs: arrivalMs, leastTransitMs: Number.POSITIVE_INFINITY };
      this.#firstWindow ??= window;
      this.#lastWindow = window;
    }
    window.leastTransitMs = Math.min(window.leastTransitMs, transitMs);
  }

  #noteLead(position: number): void {
    const { sampleRate, timestampOffset, epochMsAt } = this.#format;
    if (timestampOffset === undefined || !epochMsAt || this.#leads.length >= MAX_LEADS) return;
    const now = Math.floor((epochMsAt(this.#arrivalUtcMs) / 1000) * sampleRate);
    const ahead = (((position - timestampOffset - now) % WRAP) + WRAP) % WRAP;
    this.#leads.push(((ahead >= WRAP / 2 ? ahead - WRAP : ahead) * 1000) / sampleRate);
  }

  #driftPpm(): number | undefined {
    const first = this.#firstWindow;
    const last = this.#fullWindow;
    if (!first || !last || last.startMs - first.startMs < LEAST_DRIFT_MS) return undefined;
    const drift = (first.leastTransitMs - last.leastTransitMs) / (last.startMs - first.startMs);
    return drift * 1e6;
  }
}

function medianOf(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
