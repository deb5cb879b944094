import { cleanText } from '../../core/text.ts';
import type { HistogramAccount } from './histogram.ts';
import type { Take, TakeClock, TakeTrack } from './take-schema.ts';

const SHOWN_TRACKS = 20;

/** The account of a take in a few lines: the verdict, the tracks that are not identical, packets, lateness, clocks. */
export function renderTake(take: Take): string {
  const wrong = take.tracks.filter(({ verdict }) => verdict.kind !== 'identical');
  const shown = wrong.slice(0, SHOWN_TRACKS).map(({ name, verdict }) => `  ${cleanText(name, 80)}: ${verdict.words}`);
  if (wrong.length > SHOWN_TRACKS) shown.push(`  and ${wrong.length - SHOWN_TRACKS} more`);
  const lateness = worst(take.tracks.map((track) => track.lateness));
  const lines = [
    take.verdict.words,
    ...shown,
    packetLine(take.tracks),
    ...repairLines(take.repairs),
    ...(lateness ? [latenessLine(lateness)] : []),
    ...placeLines(take.tracks),
    ...clockLine('sender', take.clocks.sender),
    ...clockLine('recorder', take.clocks.recorder),
  ];
  return `${lines.join('\n')}\n`;
}

const COUNTS = ['lost', 'late', 'repaired', 'duplicated', 'reordered'] as const;

function packetLine(tracks: readonly TakeTrack[]): string {
  const sum = (key: keyof TakeTrack['packets']) =>
    tracks.reduce((total, { packets }) => total + (packets[key] ?? 0), 0);
  const counts = COUNTS.map((key) => `${sum(key)} ${key}`).join(', ');
  const received = sum('received');
  return received > 0 ? `Packets: ${received} received, ${counts}.` : `Packets: ${sum('sent')} sent.`;
}

function repairLines(repairs: Take['repairs'] = []): string[] {
  return repairs
    .filter(({ frames }) => frames > 0)
    .map(({ from, words }) => `Repair from ${cleanText(from, 80)}: ${cleanText(words, 200)}.`);
}

/** What is known of the place among the others of tracks that no clock has placed. */
function placeLines(tracks: readonly TakeTrack[]): string[] {
  const errors = tracks.flatMap(({ arrivalErrorMs }) => arrivalErrorMs ?? []);
  if (errors.length === 0 || tracks.length === 1) return [];
  const which = errors.length === tracks.length ? `All ${tracks.length}` : `${errors.length} of ${tracks.length}`;
  const bound = Number(Math.max(...errors).toFixed(3));
  return [
    `${which} tracks are placed by the arrival of their first packet, as nothing told their clock: up to ${bound} ms too late, and what their ways differ.`,
  ];
}

function worst(accounts: readonly (HistogramAccount | undefined)[]): HistogramAccount | undefined {
  return accounts.reduce((one, other) => ((other?.p99Us ?? -1) > (one?.p99Us ?? -1) ? other : one), undefined);
}

function latenessLine({ p50Us, p99Us, p999Us, maxUs }: HistogramAccount): string {
  const [p50, p99, p999, max] = [p50Us, p99Us, p999Us, maxUs].map((us) => `${Number((us / 1000).toFixed(3))} ms`);
  return `Lateness of the worst track: p50 ${p50}, p99 ${p99}, p99.9 ${p999}, max ${max}.`;
}

function clockLine(whose: string, clock: TakeClock | undefined): string[] {
  if (!clock) return [];
  const source =
    clock.source === 'local'
      ? 'its own'
      : `${clock.source === 'ptp' ? 'PTP ' : ''}${cleanText(clock.server ?? 'a server', 80)}`;
  const { offsetMs, errorBoundMs } = clock;
  if (offsetMs === null) return [`Clock of the ${whose}: ${source}, not measured.`];
  const bound = errorBoundMs === null ? '' : ` (within ${Number(errorBoundMs.toFixed(3))} ms)`;
  return [`Clock of the ${whose}: ${Number(offsetMs.toFixed(3))} ms from ${source}${bound}.`];
}
