/** A bar such as `██████░░░░`, filled in proportion; 0 to 1. */
export function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

const STEPS = '▁▂▃▄▅▆▇█';

/** The newest `width` values as a line of small bars between 0 and `top`. */
export function sparkline(values: readonly number[], top: number, width: number): string {
  return values
    .slice(-width)
    .map((value) => STEPS[Math.min(STEPS.length - 1, Math.max(0, Math.floor((value / (top || 1)) * STEPS.length)))])
    .join('');
}

const METER_WIDTH = 12;
const FLOOR_DB = -60;

/** A level as a bar from -60 dB to full scale, and in dBFS. @param peak 0 to 1 of full scale */
export function levelMeter(peak: number): string {
  const db = peak > 0 ? 20 * Math.log10(peak) : Number.NEGATIVE_INFINITY;
  const share = db <= FLOOR_DB ? 0 : 1 - db / FLOOR_DB;
  return `${bar(share, METER_WIDTH)} ${db <= FLOOR_DB ? '   ' : String(Math.round(db)).padStart(3)}`;
}
