import { cleanText } from '../../core/text.ts';
import type { Take, TakeTrack } from '../proof/take-schema.ts';
import { LOSS, LossMap } from '../view/loss-map.ts';
import { inOctaves } from '../view/octaves.ts';
import type { TakeSummary, TakeTrackView, TakeView } from './schema.ts';

const MAX_LISTED_GAPS = 100;

/** A take in a line. @param name that of its folder */
export function summaryOf(name: string, take: Take): TakeSummary {
  const lengths = take.tracks.map((track) => framesOf(track) / Math.max(1, track.sampleRate));
  return {
    name,
    startUtc: take.startUtc,
    ...(take.endUtc === undefined ? {} : { endUtc: take.endUtc }),
    seconds: Number(Math.max(0, ...lengths).toFixed(3)),
    tracks: take.tracks.length,
    isIdentical: take.verdict.isIdentical,
    words: cleanText(take.verdict.words, 500),
  };
}

/** A take with its tracks. @param bytes of a file by its name; undefined: there is no such file to be had */
export function viewOf(name: string, take: Take, bytes: (file: string) => number | undefined): TakeView {
  return {
    ...summaryOf(name, take),
    clocks: take.clocks,
    repairs: (take.repairs ?? []).map(({ utc, from, frames, words }) => ({
      utc,
      from: cleanText(from, 200),
      frames,
      words: cleanText(words, 500),
    })),
    details: take.tracks.map((track) => trackView(track, bytes)),
  };
}

function trackView(track: TakeTrack, bytes: (file: string) => number | undefined): TakeTrackView {
  const { file, encoding, sampleRate, channels, sent, recorded, offsetFrames, gaps, gapsBeforeRepair } = track;
  const size = file === undefined ? undefined : bytes(file);
  return {
    name: cleanText(track.name, 200),
    ...(size === undefined ? {} : { file: file!, bytes: size }),
    encoding,
    sampleRate,
    channels,
    frames: framesOf(track),
    ...(sent ? { sent: sent.sha256 } : {}),
    ...(recorded ? { recorded: recorded.sha256 } : {}),
    offsetFrames,
    missing: { gaps: gaps.length, frames: sumOf(gaps), first: gaps.slice(0, MAX_LISTED_GAPS).map((gap) => gap) },
    ...(gapsBeforeRepair
      ? { missingBeforeRepair: { gaps: gapsBeforeRepair.length, frames: sumOf(gapsBeforeRepair) } }
      : {}),
    packets: track.packets,
    ...(track.spacing ? { spacing: inOctaves(track.spacing) } : {}),
    ...(track.lateness ? { lateness: inOctaves(track.lateness) } : {}),
    map: mapOf(track).view(),
    verdict: { kind: track.verdict.kind, words: cleanText(track.verdict.words, 500) },
  };
}

function mapOf(track: TakeTrack): LossMap {
  const map = new LossMap();
  const rate = Math.max(1, track.sampleRate);
  map.mark(0, framesOf(track) / rate, LOSS.whole);
  for (const [start, frames] of track.gapsBeforeRepair ?? [])
    map.mark(start / rate, (start + frames) / rate, LOSS.repaired);
  for (const [start, frames] of track.gaps) map.mark(start / rate, (start + frames) / rate, LOSS.lost);
  return map;
}

function framesOf({ recorded, sent }: TakeTrack): number {
  return recorded?.frames ?? sent?.frames ?? 0;
}

function sumOf(gaps: TakeTrack['gaps']): number {
  return gaps.reduce((sum, [, frames]) => sum + frames, 0);
}
