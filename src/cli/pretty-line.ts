import { paint } from './paint.ts';

const LEVELS = {
  error: paint.red,
  warn: paint.yellow,
  info: paint.green,
  debug: paint.grey,
} as const;

/**
 * A JSON line of the log as a line for people: `12:00:01 info  morning  the source connected  (address=192.0.2.7)`.
 * @param json one line of pino, as `logging.ts` sets it up
 */
export function prettyLine(json: string, colour: boolean): string {
  const { level, time, message, stream, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const paintLevel = LEVELS[level as keyof typeof LEVELS] ?? paint.plain;
  const parts = [
    paint.grey(clockTime(String(time)), colour),
    paintLevel(String(level).padEnd(5), colour),
    ...(stream === undefined ? [] : [paint.cyan(String(stream), colour)]),
    String(message ?? ''),
  ];
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? quoted(value) : JSON.stringify(value)}`,
  );
  if (rest.length) parts.push(paint.grey(rest.join(' '), colour));
  return `${parts.join(' ')}\n`;
}

/** The time of day of an ISO time, in the machine's zone. */
function clockTime(iso: string): string {
  const time = new Date(iso);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

function quoted(text: string): string {
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
