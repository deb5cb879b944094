import type { TrackFlow } from '../../src/tracks/view/schema.ts';
import { Foreign } from '../parts/foreign.tsx';
import { texts } from '../texts.ts';

type LossMap = NonNullable<TrackFlow['map']>;

const WIDTH = 480;
const HEIGHT = 22;
const WHOLE = '1';
const REPAIRED = '2';
const LOST = '3';

const cellsOf = ({ pieces }: LossMap) => Object.values(pieces).join('');

/** How long a map is. */
export function mapSeconds(map: LossMap | undefined): number {
  return map ? cellsOf(map).length * map.cellSeconds : 0;
}

/** Runs of equal cells: where, how long, what. */
function runsOf(cells: string): { at: number; length: number; state: string }[] {
  const runs: { at: number; length: number; state: string }[] = [];
  for (let at = 0; at < cells.length; at++) {
    const last = runs.at(-1);
    if (last && last.state === cells[at]) last.length++;
    else runs.push({ at, length: 1, state: cells[at]! });
  }
  return runs;
}

/** States differ in height as well as in colour: whole is a low band, repaired stands out, a loss is a full bar. */
function Run({ x, width, state }: { x: number; width: number; state: string }) {
  if (state === LOST) return <rect class="run-gap" x={x} y={0} width={Math.max(width, 2)} height={HEIGHT} />;
  if (state === REPAIRED)
    return <rect class="run-bridged" x={x} y={HEIGHT / 3} width={width} height={(HEIGHT * 2) / 3} />;
  if (state === WHOLE) return <rect class="run-sound" x={x} y={(HEIGHT * 2) / 3} width={width} height={HEIGHT / 3} />;
  return <rect class="run-none" x={x} y={HEIGHT - 2} width={width} height={1} />;
}

/** What became of the packets of a track over time. */
export function LossStrip({ name, map, seconds }: { name: string; map: LossMap; seconds: number }) {
  const cells = cellsOf(map);
  const runs = runsOf(cells);
  const scale = (WIDTH * map.cellSeconds) / Math.max(seconds, map.cellSeconds);
  const count = (state: string) => runs.filter((run) => run.state === state).length;
  const words = texts.tracks.lossWords(count(LOST), count(REPAIRED));
  return (
    <li class="loss-row" data-lost={count(LOST)} data-repaired={count(REPAIRED)}>
      <span class="loss-name">
        <Foreign text={name} longest={100} /> <span class="quiet">{words}</span>
      </span>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${name.slice(0, 100)}: ${words}`}
      >
        {runs.map(({ at, length, state }) => (
          <Run key={at} x={at * scale} width={length * scale} state={state} />
        ))}
      </svg>
    </li>
  );
}

/** The words for the shapes. */
export function LossLegend() {
  return (
    <ul class="legend" aria-label={texts.tracks.lossLegend}>
      {(['sound', 'bridged', 'gap'] as const).map((shape, index) => (
        <li key={shape}>
          <span class={`swatch swatch-${shape}`} aria-hidden="true" />
          {texts.tracks.lossStates[index]}
        </li>
      ))}
    </ul>
  );
}
