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
