/**
 * Numbers and foreign text as people read them.
 * @module
 */
import { texts } from './texts.ts';

/** `24.5 s`; whole seconds from 100 on. */
export function seconds(value: number): string {
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} s`;
}

/** `7 s`, `3 min`, `2 h 5 min`, `4 days`: how long something is so. */
export function duration(value: number): string {
  const whole = Math.max(0, Math.floor(value));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 86_400) {
    const minutes = Math.floor((whole % 3600) / 60);
    return `${Math.floor(whole / 3600)} h${minutes > 0 ? ` ${minutes} min` : ''}`;
  }
  return texts.days(Math.floor(whole / 86_400));
}

/** `12.3 MB`, in powers of 1000. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let index = 0;
  let rest = value;
  while (rest >= 1000 && index < units.length - 1) {
    rest /= 1000;
    index++;
  }
  return `${index === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${units[index]}`;
}

/** `128 kbit/s` from bits per second. */
export function bitRate(bitsPerSecond: number): string {
  const kilobits = bitsPerSecond / 1000;
  return kilobits >= 10_000 ? `${(kilobits / 1000).toFixed(1)} Mbit/s` : `${Math.round(kilobits)} kbit/s`;
}

/** `0.4 %`. */
export function percent(ratio: number): string {
  const value = ratio * 100;
  return `${value === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} %`;
}

/** `13:05:12` in the reader's own time zone. */
export function clockTime(utc: string | number): string {
  return new Date(utc).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** Text from outside, cut at a length that a page can show; control characters become spaces. */
export function cleanText(value: string, longest = 300): string {
  const clean = value.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  const points = Array.from(clean.slice(0, longest * 2));
  return points.length > longest ? `${points.slice(0, longest - 1).join('')}…` : points.join('');
}
