import type { TrackFlow } from '../../src/tracks/view/schema.ts';
import { texts } from '../texts.ts';

/** Times and how often they were. */
export type TimeCounts = NonNullable<TrackFlow['spacing']>;

const WIDTH = 240;
const HEIGHT = 64;

/** Several histograms as one; of quantiles the worst. */
export function joined(counts: readonly (TimeCounts | undefined)[]): TimeCounts | undefined {
  const known = counts.filter((each) => each !== undefined && each.count > 0) as TimeCounts[];
  if (known.length <= 1) return known[0];
  const bins = new Map<number, number>();
  for (const each of known) for (const [end, count] of each.bins) bins.set(end, (bins.get(end) ?? 0) + count);
  const worst = (pick: (each: TimeCounts) => number) => Math.max(...known.map(pick));
  return {
    count: known.reduce((sum, { count }) => sum + count, 0),
    p50Us: worst(({ p50Us }) => p50Us),
    p99Us: worst(({ p99Us }) => p99Us),
    p999Us: worst(({ p999Us }) => p999Us),
    maxUs: worst(({ maxUs }) => maxUs),
    bins: [...bins].sort(([one], [other]) => one - other),
  };
}

/** Microseconds for people. */
function timeWords(us: number): string {
  if (us < 1000) return `${Math.round(us)} µs`;
  return us < 1e6 ? `${Number((us / 1000).toPrecision(3))} ms` : `${Number((us / 1e6).toPrecision(3))} s`;
}

/** Every doubling from the least to the largest. */
function columnsOf(bins: TimeCounts['bins']): { end: number; count: number }[] {
  const counts = new Map(bins);
  const [first] = bins[0] ?? [16];
  const [last] = bins.at(-1) ?? [16];
  const columns: { end: number; count: number }[] = [];
  for (let end = first; end <= last; end *= 2) columns.push({ end, count: counts.get(end) ?? 0 });
  return columns;
}

/** Times on a scale that doubles; heights by the logarithm, so that rare ones are seen. */
export function TimeHistogram({ title, counts }: { title: string; counts: TimeCounts | undefined }) {
  if (!counts || counts.count === 0) return null;
  const columns = columnsOf(counts.bins);
  const most = Math.log10(1 + Math.max(...columns.map(({ count }) => count)));
  const width = WIDTH / columns.length;
  const words = texts.tracks.quantiles(timeWords(counts.p50Us), timeWords(counts.p99Us), timeWords(counts.maxUs));
  return (
    <figure class="times">
      <figcaption>
        {title} <span class="quiet number">{words}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${title}: ${words}`}>
        {columns.map(({ end, count }, index) => {
          const height = count === 0 ? 0 : Math.max(2, (Math.log10(1 + count) / most) * HEIGHT);
          return (
            <rect key={end} x={index * width} y={HEIGHT - height} width={width * 0.9} height={height}>
              <title>{texts.tracks.below(count, timeWords(end))}</title>
            </rect>
          );
        })}
      </svg>
      <p class="strip-scale quiet" aria-hidden="true">
        <span>{timeWords((columns[0]?.end ?? 16) / 2)}</span>
        <span>{timeWords(columns.at(-1)?.end ?? 16)}</span>
      </p>
    </figure>
  );
}
