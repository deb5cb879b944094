import type { FlowLine } from './flow-line.ts';
import type { Take, TakeFlow } from './take.ts';

/** A flow so far, but for its levels. */
export interface FlowFacts {
  readonly title: string;
  readonly state: 'waiting' | 'recording' | 'silent' | 'ended';
  /** Of the flow's time that is written, in seconds. */
  readonly writtenSeconds: number;
  /** What waits in the jitter buffer. */
  readonly bufferedMs: number;
  readonly jitterMs: number;
  /** How much faster than the recorder's clock the sender's is, in millionths; undefined while not known. */
  readonly driftPpm: number | undefined;
  readonly packets: number;
  readonly lost: number;
  readonly late: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly repaired: number;
  readonly malformed: number;
  /** Packets of sources that are not heard. */
  readonly strangers: number;
  readonly gaps: number;
  readonly gapSeconds: number;
  readonly restarts: number;
  /** Why files ended early. */
  readonly failures: readonly string[];
}

/** A flow so far. */
export interface FlowProgress extends FlowFacts {
  /** Of each of its tracks since the snapshot before, 0 to 1. */
  readonly peaks: readonly number[];
}

/** A take so far. */
export interface RecordProgress {
  /** The take's folder; undefined before the first frames. */
  readonly path: string | undefined;
  readonly startUtc: string | undefined;
  /** The longest flow's written time. */
  readonly seconds: number;
  readonly flows: readonly FlowProgress[];
}

/** Packets that came later than this ago are none that are coming. */
const SILENT_AFTER_MS = 1000;

/** A snapshot; the peaks are those since the one before. */
export function recordProgress(take: Take, nowMs: number, repairedOf: (line: FlowLine) => number): RecordProgress {
  const flows = take.flows.map((flow) => ({
    ...flowFacts(flow, nowMs, repairedOf(flow.line)),
    peaks: flow.tracks.takePeaks(),
  }));
  return {
    path: take.path,
    startUtc: take.path === undefined ? undefined : new Date(take.startUtcMs).toISOString(),
    seconds: Math.max(0, ...flows.map(({ writtenSeconds }) => writtenSeconds)),
    flows,
  };
}

/** A flow of a take as it is now; looking at it changes nothing. */
export function flowFacts({ spec, line, tracks }: TakeFlow, nowMs: number, repaired: number): FlowFacts {
  const counters = line.counters;
  const { packets, late, duplicated, reordered, malformed, strangers, jitterMs } = counters;
  const { gaps, frames } = tracks.missing;
  return {
    title: spec.title,
    state: stateOf(line, nowMs),
    writtenSeconds: line.written / spec.sampleRate,
    bufferedMs: line.bufferedMs,
    jitterMs,
    driftPpm: line.arrivals.driftPpm,
    packets,
    lost: Math.max(0, counters.lost),
    late,
    duplicated,
    reordered,
    repaired,
    malformed,
    strangers,
    gaps,
    gapSeconds: frames / spec.sampleRate,
    restarts: tracks.runs.filter(({ cause }) => cause !== 'first').length,
    failures: tracks.files.flatMap(({ failure }) => (failure === undefined ? [] : [failure])),
  };
}

function stateOf(line: FlowLine, nowMs: number): FlowFacts['state'] {
  if (line.hasSaidBye) return 'ended';
  if (line.lastArrivalMs === undefined) return 'waiting';
  return nowMs - line.lastArrivalMs > SILENT_AFTER_MS ? 'silent' : 'recording';
}
