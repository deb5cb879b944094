/**
 * A stream's facts in words.
 * @module
 */
import { cleanText, duration, seconds } from '../format.ts';
import { texts } from '../texts.ts';
import type { StreamStatus } from '../types.ts';

/** The paths at which a stream is heard. */
export function mountsOf(stream: StreamStatus): string[] {
  const paths = stream.outputs
    .filter(({ listeners, target }) => listeners !== undefined && target !== undefined && /^[/*]/.test(target))
    .map(({ target }) => (target === '*' ? '/stream' : target!));
  return [...new Set(paths)];
}

/** `MP3, 128 kbit/s, 44.1 kHz, stereo`. */
export function formatWords({ format, bitrateKbps }: StreamStatus): string {
  if (!format) return '';
  return [
    texts.codecs[format.codec] ?? format.codec,
    bitrateKbps && `${Math.round(bitrateKbps)} kbit/s`,
    format.sampleRate && `${format.sampleRate / 1000} kHz`,
    format.channels && texts.channels(format.channels),
    format.note,
  ]
    .filter(Boolean)
    .join(', ');
}

/** What the source does. */
export function sourceWords(stream: StreamStatus, nowMs: number): string {
  const input = stream.inputs.find(({ active }) => active) ?? stream.inputs[0];
  if (!input) return '';
  const since = duration((nowMs - Date.parse(input.since)) / 1000);
  const state = texts.inputs[input.state] ?? input.state;
  return `${input.type} ${state}, ${since}${input.reconnects > 0 ? `, ${texts.stream.reconnects(input.reconnects)}` : ''}`;
}

/** What listeners missed. */
export function gapWords({ gaps, gapSeconds, stalls, stallSeconds }: StreamStatus['counters']): string {
  const parts = [
    gaps > 0 && `${texts.strip.gaps(gaps)}${gapSeconds > 0 ? ` (${seconds(gapSeconds)})` : ''}`,
    stalls > 0 && `${stalls} × silent (${seconds(stallSeconds)})`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? texts.and(parts) : 'none';
}

/** The newest error of a stream, when it is recent enough to matter. */
export function errorWords(stream: StreamStatus, nowMs: number): string {
  const errors = [...stream.inputs, ...stream.outputs]
    .flatMap(({ name, lastError }) => (lastError ? [{ name, ...lastError }] : []))
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const newest = errors[0];
  if (!newest) return '';
  const ago = duration((nowMs - Date.parse(newest.at)) / 1000);
  return texts.stream.lastError(ago, `${cleanText(newest.name, 60)}: ${cleanText(newest.message)}`);
}
