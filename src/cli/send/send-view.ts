import { table } from '../../core/table.ts';
import { cleanText } from '../../core/text.ts';
import type { Take } from '../../tracks/proof/take-schema.ts';
import type { FlowProgress, SendProgress } from '../../tracks/send/send-session.ts';
import { levelMeter } from '../bars.ts';
import { paint } from '../paint.ts';

/** What a screen is drawn with. */
export interface SendStyle {
  readonly colour: boolean;
  readonly columns: number;
  readonly rows: number;
}

/** The lines of a screen that are no tracks. */
const OTHER_LINES = 9;

/** A session as a screen: the tracks with their levels, then what the network and the receivers do with it. */
export function sendScreen(progress: SendProgress, { colour, columns, rows }: SendStyle): string {
  const { tracks } = progress;
  const room = Math.max(1, rows - OTHER_LINES);
  const shown = tracks.length <= room ? tracks : tracks.slice(0, room - 1);
  const meters = shown.map(({ name, peak, problem }) => [
    cleanText(name, 28),
    levelMeter(peak),
    problem === undefined ? '' : paint.red('silence: cannot be read', colour),
  ]);
  const hidden = tracks.length - shown.length;
  const lines = [
    paint.bold(headText(progress), colour),
    ...table(meters, '  ').trimEnd().split('\n'),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
    ...table(factRows(progress)).trimEnd().split('\n'),
    'Ctrl-C ends all tracks at one position',
  ];
  return `${lines.map((line) => cut(line, columns - 1)).join('\n')}\n`;
}

/** A session in one line: `0:12 of 3:20, 32 flows, 384000 packets, late 0.20 ms (99 of 100), ...`. */
export function progressText(progress: SendProgress): string {
  const { lateness, flows } = progress;
  if (progress.elapsedSeconds < 0) return headText(progress);
  const parts = [
    headText(progress),
    packetText(flows),
    `late ${lateness.p99Ms.toFixed(2)} ms (99 of 100), ${lateness.maxMs.toFixed(1)} ms (the worst)`,
    ...troubles(flows),
  ];
  const receivers = flows.flatMap((flow) => flow.receivers);
  if (receivers.length > 0) parts.push(`receivers: ${receiverText(flows)}`);
  return parts.join(', ');
}

/** What was sent, a line for each flow. */
export function reportText(progress: SendProgress, account: Take): string {
  const lines = account.tracks.map(({ name, encoding, sampleRate, channels, sent }, index) => {
    const { address, port, sent: packets, lost, refused } = progress.flows[index]!;
    const parts = [`${packets} packets to ${address}:${port}, ${encoding}/${sampleRate}/${channels}`];
    if (sent) parts.push(`${(sent.frames / sampleRate).toFixed(3)} s, SHA-256 ${sent.sha256.slice(0, 16)}`);
    if (lost > 0) parts.push(`${lost} not taken by the network`);
    if (refused > 0) parts.push('nobody listened at the port (at least for a time)');
    return `${name}: ${parts.join('; ')}\n`;
  });
  return `${lines.join('')}${progressText(progress)}\n`;
}

function headText({ elapsedSeconds, totalSeconds, flows }: SendProgress): string {
  if (elapsedSeconds < 0) return `starts in ${Math.ceil(-elapsedSeconds)} s`;
  const seconds = Math.min(elapsedSeconds, totalSeconds ?? elapsedSeconds);
  const time = totalSeconds === undefined ? minutes(seconds) : `${minutes(seconds)} of ${minutes(totalSeconds)}`;
  return `${time}, ${flows.length} ${flows.length === 1 ? 'flow' : 'flows'}`;
}

function factRows(progress: SendProgress): string[][] {
  const { flows, lateness, behindMs, bufferMs, clock, redundancy } = progress;
  const late = `${lateness.p99Ms.toFixed(2)} ms (99 of 100), ${lateness.maxMs.toFixed(1)} ms (the worst), now ${behindMs.toFixed(2)} ms`;
  const drift = clock
    ? `ours against ${clock.server}: ${(-clock.offsetMs).toFixed(3)} ms, within ${clock.errorBoundMs.toFixed(3)} ms`
    : 'not measured (--ntp)';
  return [
    ['packets', [packetText(flows), ...troubles(flows)].join(', ')],
    ['behind', late],
    ['buffer', `${Math.round(bufferMs)} ms read ahead`],
    ['receivers', receiverText(flows)],
    ['clock', drift],
    ...(redundancy === undefined ? [] : [['redundancy', redundancy]]),
  ];
}

function packetText(flows: readonly FlowProgress[]): string {
  return `${sumOf(flows, ({ sent }) => sent)} packets`;
}

function troubles(flows: readonly FlowProgress[]): string[] {
  const lost = flows.map(({ destinations }) => destinations.map((each) => each.lost));
  const [first = 0, second = 0] = [0, 1].map((network) => lost.reduce((sum, each) => sum + (each[network] ?? 0), 0));
  return [
    [sumOf(flows, ({ underruns }) => underruns), 'read too late'] as const,
    [first, 'not taken by the network'] as const,
    [second, 'not taken by the second network'] as const,
    [sumOf(flows, ({ resends }) => resends.resent), 'sent again'] as const,
    [sumOf(flows, ({ resends }) => resends.refused), 'requests over the budget'] as const,
  ].flatMap(([count, text]) => (count > 0 ? [`${count} ${text}`] : []));
}

/** The receivers' own words: how many there are for a flow, and the worst of what they report. */
function receiverText(flows: readonly FlowProgress[]): string {
  const receivers = flows.flatMap((flow) => flow.receivers);
  if (receivers.length === 0) return 'none has reported';
  const most = Math.max(...flows.map((flow) => flow.receivers.length));
  const percent = Math.max(...receivers.map(({ fractionLost }) => fractionLost)) * 100;
  const jitter = Math.max(...receivers.map(({ jitterMs }) => jitterMs));
  const trips = receivers.flatMap(({ roundTripMs }) => roundTripMs ?? []);
  const trip = trips.length > 0 ? `, round trip ${Math.max(...trips).toFixed(1)} ms` : '';
  return `${most} of a flow, ${percent.toFixed(1)} % lost at worst, jitter ${jitter.toFixed(1)} ms${trip}`;
}

function sumOf(flows: readonly FlowProgress[], value: (flow: FlowProgress) => number): number {
  return flows.reduce((total, flow) => total + value(flow), 0);
}

/** Codes of colours count for nothing: a line with them is left whole. */
function cut(line: string, columns: number): string {
  return line.includes('\u001b') ? line : [...line].slice(0, columns).join('');
}

function minutes(seconds: number): string {
  const whole = Math.floor(seconds);
  const clock = `${Math.floor((whole % 3600) / 60)}:${String(whole % 60).padStart(2, '0')}`;
  return whole < 3600 ? clock : `${Math.floor(whole / 3600)}:${clock.padStart(5, '0')}`;
}
