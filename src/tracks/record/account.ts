import { basename } from 'node:path';
import type { Take as TakeAccount, TakeClock, TakeTrack } from '../proof/take-schema.ts';
import type { TakeFlow } from './take.ts';
import type { TrackFile } from './track-file.ts';

const MAX_NAME = 256;

/** The account of a take as the recorder knows it, without a verdict: `proveTake` gives it one. */
export function takeAccount(take: {
  readonly flows: readonly TakeFlow[];
  readonly id: string;
  readonly startUtcMs: number;
  readonly endUtcMs: number | undefined;
  readonly recorder: TakeClock;
  readonly repairedOf: (line: TakeFlow['line']) => number;
}): TakeAccount {
  const { flows, id, startUtcMs, endUtcMs, recorder, repairedOf } = take;
  const tracks = flows.flatMap((flow) =>
    flow.tracks.files.map((file, index) => trackAccount(flow, { file, index, repaired: repairedOf(flow.line) })),
  );
  return {
    version: 1,
    session: { id: basename(id), name: basename(id) },
    startUtc: new Date(startUtcMs).toISOString(),
    ...(endUtcMs === undefined ? {} : { endUtc: new Date(endUtcMs).toISOString() }),
    clocks: { recorder },
    tracks,
    verdict: { isIdentical: false, words: 'not compared' },
  };
}

function trackAccount(
  { spec, line, tracks }: TakeFlow,
  { file, index, repaired }: { file: TrackFile; index: number; repaired: number },
): TakeTrack {
  const { name, format, channel } = tracks.shapes[index]!;
  const { packets, lost, late, duplicated, reordered } = line.counters;
  const { arrivals } = line;
  const { sampleRate, channels } = format;
  const { startFrame, frames, sha256, blocks } = file.pcm.account();
  return {
    name,
    file: basename(file.path),
    encoding: spec.encoding,
    sampleRate,
    channels,
    channel,
    ...(channels < spec.channels ? { flow: { name: spec.title.slice(0, MAX_NAME), channels: spec.channels } } : {}),
    runs: tracks.runs.map(({ start, ssrc, timestamp, placedBy }) => ({ start, ssrc, timestamp, placedBy })),
    ...(tracks.runs.some(({ placedBy }) => placedBy === 'arrival')
      ? { arrivalErrorMs: Number(arrivals.firstLatenessMs.toFixed(3)) }
      : {}),
    recorded: { startFrame, frames, sha256, blocks: { ...blocks, digests: [...blocks.digests] } },
    offsetFrames: null,
    gaps: file.pcm.gaps.entries().map(([start, missing, cause]) => [start, missing, cause]),
    gapsAreExact: file.pcm.gaps.isExact,
    ...(file.failure === undefined ? {} : { failure: file.failure }),
    packets: { received: packets, lost: Math.max(0, lost), late, duplicated, reordered, repaired },
    spacing: histogramOf(arrivals.spacing),
    lateness: histogramOf(arrivals.lateness),
    verdict: { kind: 'unproven', words: 'not compared' },
  };
}

function histogramOf(histogram: TakeFlow['line']['arrivals']['spacing']): NonNullable<TakeTrack['spacing']> {
  const account = histogram.account();
  return { ...account, bins: account.bins.map(([end, count]) => [end, count]) };
}
