import { table } from '../../core/table.ts';
import { cleanText } from '../../core/text.ts';
import type { FlowProgress, RecordProgress } from '../../tracks/record/record-progress.ts';
import { levelMeter } from '../bars.ts';
import { paint } from '../paint.ts';

/** What a view is drawn with. */
export interface RecordStyle {
  readonly colour: boolean;
  readonly columns: number;
  readonly rows: number;
}

/** The take as a screen: a line on it, then one for each flow with its meter, as many as there is room for. */
export function recordScreen(progress: RecordProgress, style: RecordStyle): string {
  const room = Math.max(1, style.rows - 5);
  // Those that need attention come first when there are too many.
  const flows = progress.flows.length <= room ? progress.flows : byTrouble(progress.flows).slice(0, room - 1);
  const rows = flows.map((flow) => flowRow(flow));
  const hidden = progress.flows.length - flows.length;
  const lines = [
    paint.bold(headLine(progress), style.colour),
    ...table([HEAD, ...rows])
      .trimEnd()
      .split('\n')
      .map((line) => [...line].slice(0, style.columns - 1).join('')),
    ...(hidden > 0 ? [`and ${hidden} more, without trouble`] : []),
    'Ctrl-C ends the take',
  ];
  return `${lines.join('\n')}\n`;
}

const HEAD = ['track', 'level', 'state', 'packets', 'lost', 'again', 'late', 'buffer', 'drift', 'gaps'];

function flowRow(flow: FlowProgress): string[] {
  const { title, state, packets, lost, repaired, late, bufferedMs, driftPpm, gaps, gapSeconds, failures } = flow;
  return [
    cleanText(title, 24),
    levelMeter(Math.max(0, ...flow.peaks)),
    failures.length > 0 ? 'disk' : state,
    String(packets),
    String(lost),
    String(repaired),
    String(late),
    `${Math.round(bufferedMs)} ms`,
    driftPpm === undefined ? '' : `${driftPpm.toFixed(1)} ppm`,
    gaps === 0 ? '' : `${gaps} (${gapSeconds.toFixed(2)} s)`,
  ];
}

function byTrouble(flows: readonly FlowProgress[]): FlowProgress[] {
  return flows.toSorted((one, other) => trouble(other) - trouble(one));
}

function trouble({ state, failures, gaps, lost }: FlowProgress): number {
  const stateRank = { recording: 0, ended: 1, waiting: 2, silent: 3 }[state];
  return (failures.length > 0 ? 1e12 : 0) + stateRank * 1e9 + gaps * 1e3 + lost;
}

function headLine({ path, seconds, flows }: RecordProgress): string {
  const heard = flows.filter(({ state }) => state === 'recording').length;
  const place = path === undefined ? 'waiting for audio' : `${timeText(seconds)}  ${path}`;
  return `recording ${heard} of ${flows.length} flows  ${place}`;
}

/** The take in one line. */
export function recordLine({ seconds, flows, path }: RecordProgress): string {
  const sum = (value: (flow: FlowProgress) => number) => flows.reduce((total, flow) => total + value(flow), 0);
  const heard = flows.filter(({ state }) => state === 'recording').length;
  if (path === undefined) return `waiting for audio, ${flows.length} ${flows.length === 1 ? 'flow' : 'flows'}`;
  const parts = [timeText(seconds), `${heard} of ${flows.length} flows`, `${sum(({ packets }) => packets)} packets`];
  for (const [word, value] of [
    ['lost', sum(({ lost }) => lost)],
    ['had again', sum(({ repaired }) => repaired)],
    ['too late', sum(({ late }) => late)],
    ['of strangers', sum(({ strangers }) => strangers)],
    ['malformed', sum(({ malformed }) => malformed)],
    ['gaps', sum(({ gaps }) => gaps)],
  ] as const) {
    if (value > 0) parts.push(`${value} ${word}`);
  }
  return parts.join(', ');
}

function timeText(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
