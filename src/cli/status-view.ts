import { table } from '../core/table.ts';
import { cleanText } from '../core/text.ts';
import type { InputStatus, NodeStatus, OutputStatus, StreamStatus } from '../node/status/schema.ts';
import { bar, sparkline } from './bars.ts';
import { linkRows } from './link-rows.ts';
import { paint } from './paint.ts';

/** What the view is drawn with. */
export interface StatusStyle {
  readonly colour: boolean;
  /** Width of the terminal. */
  readonly columns: number;
  /** The reserve of each stream at the last polls, oldest first, in seconds. */
  readonly history: ReadonlyMap<string, readonly number[]>;
}

const BAR_WIDTH = 20;
const MAX_TITLE = 60;
/** Inputs to which the other side connects. */
const LISTENING_INPUTS: ReadonlySet<string> = new Set([
  'source',
  'distreamer-source-server',
  'distreamer-pers-rev-server',
  'distreamer-rev-server',
]);

/** The status of a node as text: a line on the node, a block for each stream. */
export function statusView(status: NodeStatus, origin: string, style: StatusStyle): string {
  const { version, nodeVersion, uptimeSeconds } = status.node;
  const head = `${paint.bold(`distream ${cleanText(version, 40)}`, style.colour)}  ${origin}  up ${duration(uptimeSeconds)}  Node.js ${cleanText(nodeVersion, 40)}`;
  const blocks = status.streams.map((stream) => streamBlock(stream, style));
  const links =
    status.links.length > 0 ? `\n${paint.bold('links', style.colour)}\n${table(linkRows(status.links), '  ')}` : '';
  return `${head}\n\n${blocks.join('\n') || 'no streams\n'}${links}`;
}

function streamBlock(stream: StreamStatus, style: StatusStyle): string {
  const { colour } = style;
  const { format, bitrateKbps, metadata, counters } = stream;
  const facts = [
    paint.bold(cleanText(stream.name, 64), colour),
    stateWord(stream.state, colour),
    format ? `${format.codec}${format.sampleRate ? ` ${format.sampleRate / 1000} kHz` : ''}` : 'no audio yet',
    ...(stream.state === 'reserve' ? [`sound lasts ${stream.lastsSeconds.toFixed(0)} s`] : []),
    ...(bitrateKbps === undefined ? [] : [`${Math.round(bitrateKbps)} kbit/s`]),
    // whole: `Artist - Title`
    ...(metadata ? [cleanText(metadata.title, MAX_TITLE)] : []),
  ];
  const troubles = [
    amount('gap', counters.gaps, counters.gapSeconds),
    amount('stall', counters.stalls, counters.stallSeconds),
    `${counters.repeats} ${counters.repeats === 1 ? 'repeat' : 'repeats'}`,
  ];
  const rows = [...stream.inputs.map(inputRow), ...stream.outputs.map(outputRow)];
  return `${facts.join('  ')}\n  ${reserveLine(stream, style)}\n  ${troubles.join(', ')}\n${table(rows, '  ')}`;
}

function reserveLine({ name, buffer }: StreamStatus, { columns, history }: StatusStyle): string {
  const { reserveSeconds, reserveTargetSeconds, reserveLowestHourSeconds, heldSeconds } = buffer;
  const held = `${heldSeconds.toFixed(1)} s held`;
  if (!reserveTargetSeconds) return `reserve none wanted, ${held}`;
  const gauge = bar(reserveSeconds / reserveTargetSeconds, BAR_WIDTH);
  const low = `lowest of the hour ${reserveLowestHourSeconds.toFixed(1)} s`;
  const text = `reserve ${gauge} ${reserveSeconds.toFixed(1)} of ${reserveTargetSeconds.toFixed(1)} s, ${low}, ${held}`;
  const room = Math.max(0, columns - text.length - 6);
  const line = sparkline(history.get(name) ?? [], reserveTargetSeconds, Math.min(60, room));
  return line ? `${text}  ${line}` : text;
}

function inputRow(input: InputStatus): string[] {
  const notes = [
    input.active ? 'on air' : '',
    input.peer ? cleanText(input.peer, 80) : '',
    input.reconnects ? `${input.reconnects} ${input.reconnects === 1 ? 'reconnect' : 'reconnects'}` : '',
    input.lastError && input.state !== 'live' ? cleanText(input.lastError.message, 100) : '',
  ];
  // Who is connected to has nobody to connect to.
  const state = input.state === 'connecting' && LISTENING_INPUTS.has(input.type) ? 'waiting' : input.state;
  return [cleanText(input.name, 20), cleanText(input.type, 30), state, notes.filter(Boolean).join(', ')];
}

function outputRow(output: OutputStatus): string[] {
  const { listeners, lastError, state } = output;
  const notes = [
    output.target ? cleanText(output.target, 80) : '',
    listeners === undefined ? '' : `${listeners} ${listeners === 1 ? 'listener' : 'listeners'}`,
    lastError && state !== 'ready' && state !== 'recording' ? cleanText(lastError.message, 100) : '',
  ];
  return [
    cleanText(output.name, 20),
    cleanText(output.type, 30),
    cleanText(state, 20),
    notes.filter(Boolean).join(', '),
  ];
}

function amount(word: string, count: number, seconds: number): string {
  const plural = `${count} ${word}${count === 1 ? '' : 's'}`;
  return count ? `${plural} (${seconds.toFixed(1)} s)` : plural;
}

function stateWord(state: StreamStatus['state'], colour: boolean): string {
  if (state === 'live') return paint.green('live', colour);
  return (state === 'silent' ? paint.red : paint.yellow)(state, colour);
}

/** `3 d 4 h`, `12 min`, `40 s`. */
function duration(seconds: number): string {
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3600) % 24, (seconds / 60) % 60].map(Math.floor);
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min` : `${Math.floor(seconds)} s`;
}
