import type { DownloadProgress } from '../../swarm/peer/download.ts';
import { bar } from '../bars.ts';

const MAX_BAR = 30;
const MIN_BAR = 5;

/** One line about a download that fits into `columns`: bar, share, rate, peers, their share, time left. */
export function progressLine(progress: DownloadProgress, columns: number): string {
  const { bytesDone, bytesTotal, bytesPerSecond, peers, shareFromPeers } = progress;
  const rate = `${bytesText(bytesPerSecond)}/s`;
  const from = `${peers} ${peers === 1 ? 'peer' : 'peers'} (${Math.round(shareFromPeers * 100)} %)`;
  if (bytesTotal === undefined) return `live  ${bytesText(bytesDone)}  ${rate}  ${from}`.slice(0, columns);
  const share = bytesTotal === 0 ? 1 : bytesDone / bytesTotal;
  const left = bytesPerSecond > 0 ? timeText((bytesTotal - bytesDone) / bytesPerSecond) : '--:--';
  const text = `${String(Math.floor(share * 100)).padStart(3)} %  ${bytesText(bytesDone)} of ${bytesText(bytesTotal)}  ${rate}  ${from}  ${left} left`;
  const width = Math.min(MAX_BAR, columns - text.length - 2);
  return width < MIN_BAR ? text.slice(0, columns) : `${bar(share, width)} ${text}`;
}

/** `12.3 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 999.95 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `2:07`, `1:02:03`. */
export function timeText(seconds: number): string {
  const whole = Math.min(359_999, Math.ceil(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  const hours = Math.floor(whole / 3600);
  const shown = hours > 0 ? [hours, ...parts] : parts;
  return shown.map((part, at) => (at === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
