/**
 * The account of a take as a page of its own: no scripts, no links, every text escaped.
 * @module
 */
import { cleanText } from '../../core/text.ts';
import { GAP_CAUSES, type GapEntry } from './gap-list.ts';
import type { HistogramAccount } from './histogram.ts';
import { framesText, timeText } from './position-text.ts';
import { span } from './prove-sessions.ts';
import { renderTake } from './render-take.ts';
import type { SessionStretch, Take, TakeTrack } from './take-schema.ts';

const BAR_WIDTH = 1000;
const BAR_HEIGHT = 24;
/** Narrower gaps are drawn this wide, so that they can be seen. */
const MIN_GAP_WIDTH = 1.5;
const MAX_DRAWN_GAPS = 2000;
const SHOWN_GAPS = 50;
const SHOWN_SESSIONS = 20;
const HISTOGRAM_HEIGHT = 60;
const MAX_COLUMNS = 60;

/** The style sheet of the page, for a content policy that allows it alone. */
export const TAKE_PAGE_STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; }
pre { white-space: pre-wrap; } svg { width: 100%; height: auto; display: block; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .1rem 1rem .1rem 0; vertical-align: top; }
code { word-break: break-all; } .good { color: #1a7f37; } .bad { color: #c62828; }
@media (prefers-color-scheme: dark) { .good { color: #57c26e; } .bad { color: #ff8a80; } }
`;

/** A page that says, for people, what \`take.json\` beside it says. The same account gives the same page. */
export function renderTakePage(take: Take): string {
  const { session, startUtc, endUtc, verdict, tracks, repairs = [] } = take;
  const isGood =
    tracks.length > 0 && tracks.every(({ verdict: { kind } }) => kind === 'identical' || kind === 'excerpt');
  const facts = [
    ['begun', startUtc],
    ...(endUtc === undefined ? [] : [['ended', endUtc]]),
    ['tracks', String(tracks.length)],
    ...repairs.map(({ utc, from, words }) => ['repair', `${utc}: ${words} (${from})`]),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${safe(session.name, 100)}: ${isGood ? 'identical' : 'not proven'}</title>
<style>${TAKE_PAGE_STYLE}</style>
</head>
<body>
<h1>Take ${safe(session.name, 200)}</h1>
<p class="${isGood ? 'good' : 'bad'}"><strong>${safe(verdict.words)}</strong></p>
<table>${facts.map(([name, value]) => row(name!, value!)).join('')}</table>
<pre>${escaped(renderTake(take))}</pre>
${tracks.map(trackSection).join('\n')}
</body>
</html>
`;
}

function trackSection(track: TakeTrack): string {
  const { name, file, encoding, sampleRate, channels, verdict, sent, recorded, packets, flow } = track;
  const isGood = verdict.kind === 'identical' || verdict.kind === 'excerpt';
  const counts = Object.entries(packets).map(([key, count]) => `${count} ${key}`);
  const repaired = track.gapsBeforeRepair ?? [];
  return `<section>
<h2>${safe(name)}</h2>
<p class="${isGood ? 'good' : 'bad'}">${safe(verdict.words)}</p>
${bar(track, repaired)}
<table>
${file === undefined ? '' : row('file', file)}
${row('format', `${encoding}, ${sampleRate} Hz, ${channels} ${channels === 1 ? 'channel' : 'channels'}`)}
${recorded ? row('length', framesText(recorded.frames, sampleRate)) : ''}
${sent ? hashRow('SHA-256 sent', sent.sha256) : ''}
${recorded ? hashRow('SHA-256 recorded', recorded.sha256) : ''}
${flow?.sent ? hashRow(`SHA-256 sent, all ${flow.channels} channels`, flow.sent.sha256) : ''}
${flow?.recorded ? hashRow(`SHA-256 recorded, all ${flow.channels} channels`, flow.recorded.sha256) : ''}
${(track.sessions ?? [])
  .slice(0, SHOWN_SESSIONS)
  .map((stretch, index) => sessionRow(stretch, index, track))
  .join('')}
${placeRow(track)}
${row('packets', counts.join(', ') || 'not counted')}
${gapRow('missing', track.gaps, track)}
${gapRow('missing before the repair', repaired, track)}
</table>
${histogram('Distance between packets, from what it should be', track.spacing)}
${histogram('Lateness', track.lateness)}
</section>`;
}

/** The track from its beginning to its end: what is there, what was repaired, what is missing. */
function bar({ name, gaps, recorded, sent }: TakeTrack, repaired: readonly GapEntry[]): string {
  const frames = Math.max(recorded?.frames ?? 0, sent?.frames ?? 0);
  if (frames === 0) return '';
  const draw = (entries: readonly GapEntry[], colour: string) =>
    entries
      .slice(0, MAX_DRAWN_GAPS)
      .map(([start, length]) => {
        const x = fixed((start / frames) * BAR_WIDTH);
        const width = fixed(Math.max(MIN_GAP_WIDTH, (length / frames) * BAR_WIDTH));
        return `<rect x="${x}" y="0" width="${width}" height="${BAR_HEIGHT}" fill="${colour}"/>`;
      })
      .join('');
  const label = `${safe(name)}: ${gaps.length} gaps, ${repaired.length} before the repair`;
  return `<svg viewBox="0 0 ${BAR_WIDTH} ${BAR_HEIGHT}" role="img" aria-label="${label}" preserveAspectRatio="none">
<rect width="${BAR_WIDTH}" height="${BAR_HEIGHT}" fill="#2e7d32"/>${draw(repaired, '#f9a825')}${draw(gaps, '#c62828')}</svg>`;
}

function gapRow(title: string, gaps: readonly GapEntry[], { sampleRate, gapsAreExact }: TakeTrack): string {
  if (gaps.length === 0) return '';
  const lines = gaps
    .slice(0, SHOWN_GAPS)
    .map(
      ([start, frames, cause]) =>
        `${timeText(start, sampleRate)}: ${framesText(frames, sampleRate)}, ${GAP_CAUSES[cause]}`,
    );
  if (gaps.length > SHOWN_GAPS) lines.push(`and ${gaps.length - SHOWN_GAPS} more`);
  if (!gapsAreExact) lines.push('there were more than are kept: neighbours were joined');
  const list = `<details><summary>${gaps.length}</summary>${lines.map(escaped).join('<br>')}</details>`;
  return `<tr><th scope="row">${escaped(title)}</th><td>${list}</td></tr>`;
}

/** Columns of equal width on a logarithmic scale, as the bins are. */
function histogram(title: string, account: HistogramAccount | undefined): string {
  if (!account || account.count === 0) return '';
  const size = Math.ceil(account.bins.length / MAX_COLUMNS);
  const columns: { endUs: number; count: number }[] = [];
  for (let at = 0; at < account.bins.length; at += size) {
    const joined = account.bins.slice(at, at + size);
    columns.push({ endUs: joined.at(-1)![0], count: joined.reduce((sum, [, count]) => sum + count, 0) });
  }
  const most = Math.max(...columns.map(({ count }) => count));
  const width = BAR_WIDTH / columns.length;
  const bars = columns.map(({ endUs, count }, index) => {
    const height = Math.max(1, (count / most) * HISTOGRAM_HEIGHT);
    const place = `x="${fixed(index * width)}" y="${fixed(HISTOGRAM_HEIGHT - height)}"`;
    const text = `${count} below ${milliseconds(endUs)}`;
    return `<rect ${place} width="${fixed(width * 0.9)}" height="${fixed(height)}" fill="#1565c0"><title>${text}</title></rect>`;
  });
  const { p50Us, p99Us, p999Us, maxUs } = account;
  const [p50, p99, p999, max] = [p50Us, p99Us, p999Us, maxUs].map(milliseconds);
  return `<p>${escaped(title)}: p50 ${p50}, p99 ${p99}, p99.9 ${p999}, max ${max}</p>
<svg viewBox="0 0 ${BAR_WIDTH} ${HISTOGRAM_HEIGHT}" role="img" aria-label="${escaped(title)}">${bars.join('')}</svg>`;
}

function row(title: string, value: string): string {
  return `<tr><th scope="row">${escaped(title)}</th><td>${safe(value, 500)}</td></tr>`;
}

function sessionRow(stretch: SessionStretch, index: number, { sampleRate }: TakeTrack): string {
  const { sentSha256, recordedSha256, words } = stretch;
  const facts = [
    `${span(stretch, sampleRate)}: ${words}`,
    ...(stretch.session === undefined ? [] : [`session ${stretch.session}, from its frame ${stretch.sessionStart}`]),
    ...(sentSha256 === undefined ? [] : [`SHA-256 sent ${sentSha256}`]),
    `SHA-256 recorded ${recordedSha256}`,
  ];
  const cell = facts.map((text) => safe(text, 400)).join('<br>');
  return `<tr><th scope="row">session ${index + 1}</th><td>${cell}</td></tr>`;
}

function placeRow({ runs = [], arrivalErrorMs }: TakeTrack): string {
  const placed = [...new Set(runs.flatMap(({ placedBy }) => placedBy ?? []))].join(', ');
  if (placed === '') return '';
  return row(
    'placed by',
    arrivalErrorMs === undefined
      ? placed
      : `${placed}: up to ${arrivalErrorMs} ms too late beside the other tracks, and what their ways differ`,
  );
}

function hashRow(title: string, value: string): string {
  return `<tr><th scope="row">${escaped(title)}</th><td><code>${escaped(value)}</code></td></tr>`;
}

function milliseconds(us: number): string {
  return `${Number((us / 1000).toFixed(3))} ms`;
}

function fixed(value: number): string {
  return String(Number(value.toFixed(2)));
}

function safe(text: string, maxLength = 1000): string {
  return escaped(cleanText(text, maxLength));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
