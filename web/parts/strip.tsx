import { useEffect } from 'preact/hooks';
import { nowMs } from '../feed.ts';
import { historyOf } from '../history.ts';
import { BRIDGED, FALLBACK, GAP, type Moment, NO_DATA, SPAN_MS } from '../stream-history.ts';
import { texts } from '../texts.ts';

/** Cells of the strip: one is half a minute of the hour. */
const CELLS = 120;
const WIDTH = 480;
const HEIGHT = 44;
const BAND = 12;
const CELL = WIDTH / CELLS;

/** What the strip may span. */
const WIDTHS_MS = [300_000, 900_000, 1_800_000, SPAN_MS['1h']];

/** What a reader must not miss comes first. */
const RANK = [NO_DATA, 1, FALLBACK, BRIDGED, GAP];

interface Cell {
  state: number;
  lowest: number | null;
}

function noteIn(cell: Cell, state: number, reserveSeconds: number | null): void {
  if (RANK.indexOf(state) > RANK.indexOf(cell.state)) cell.state = state;
  if (reserveSeconds !== null) cell.lowest = Math.min(cell.lowest ?? Number.POSITIVE_INFINITY, reserveSeconds);
}

function cellsOf(moments: readonly Moment[], fromMs: number, spanMs: number): Cell[] {
  const cells: Cell[] = Array.from({ length: CELLS }, () => ({ state: NO_DATA, lowest: null }));
  const indexOf = (t: number) => Math.floor(((t - fromMs) / spanMs) * CELLS);
  for (const { t, lengthMs, state, reserveSeconds } of moments) {
    if (state === NO_DATA) continue;
    const last = Math.min(CELLS - 1, indexOf(t));
    for (let index = Math.max(0, indexOf(t - lengthMs * 1.3) + 1); index <= last; index++)
      noteIn(cells[index]!, state, reserveSeconds);
    if (last >= 0) noteIn(cells[last]!, state, reserveSeconds);
  }
  return cells;
}

/** Runs of equal state: first cell, length, state. */
function runsOf(cells: readonly Cell[]): { at: number; length: number; state: number }[] {
  const runs: { at: number; length: number; state: number }[] = [];
  cells.forEach(({ state }, at) => {
    const last = runs.at(-1);
    if (last?.state === state) last.length++;
    else runs.push({ at, length: 1, state });
  });
  return runs;
}

function summary(runs: readonly { state: number }[]): string {
  const count = (state: number) => runs.filter((run) => run.state === state).length;
  const parts = [
    count(BRIDGED) > 0 && texts.strip.bridged(count(BRIDGED)),
    count(GAP) > 0 && texts.strip.gaps(count(GAP)),
    count(FALLBACK) > 0 && texts.strip.fallbacks(count(FALLBACK)),
  ].filter((part) => part !== false);
  if (parts.length > 0) return texts.and(parts);
  return runs.every(({ state }) => state === NO_DATA) ? texts.strip.none : texts.strip.allSound;
}

function line(cells: readonly Cell[], most: number): { stroke: string; area: string } {
  const base = HEIGHT - BAND - 2;
  let stroke = '';
  let area = '';
  let from = -1;
  cells.forEach(({ lowest }, index) => {
    if (lowest === null) {
      from = -1;
      return;
    }
    const x = (index + 0.5) * CELL;
    const y = base - (Math.min(lowest, most) / most) * (base - 2);
    stroke += `${from < 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    area += from < 0 ? `M${x.toFixed(1)} ${base}V${y.toFixed(1)}` : `L${x.toFixed(1)} ${y.toFixed(1)}`;
    if (cells[index + 1]?.lowest == null) area += `V${base}Z`;
    from = index;
  });
  return { stroke, area };
}

/** A moment ago to an hour ago: the reserve as a line, and under it sound, outages bridged, gaps and fallback. */
export function Strip({ name, target }: { name: string; target: number }) {
  const history = historyOf(name);
  const now = nowMs.value;
  void history.version.value;
  const tick = Math.floor(now / 30_000);
  useEffect(() => void history.ask(name, '1h', now), [name, tick]);
  const all = history.moments('1h', now);
  // While there is less than an hour to show, the strip is as wide as what there is.
  const first = all.find(({ state }) => state !== NO_DATA)?.t ?? now;
  const spanMs = WIDTHS_MS.find((width) => now - first <= width) ?? SPAN_MS['1h'];
  const cells = cellsOf(all, now - spanMs, spanMs);
  const runs = runsOf(cells);
  const most = Math.max(1, target, ...cells.map(({ lowest }) => lowest ?? 0));
  const { stroke, area } = line(cells, most);
  const minutes = Math.round(spanMs / 60_000);
  const words = summary(runs);
  return (
    <figure class="strip">
      <figcaption class="strip-words">
        <span>{texts.strip.label(minutes)}</span> <span class="quiet">{words}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${texts.strip.label(minutes)}: ${words}`}
      >
        <path class="strip-area" d={area} />
        <path class="strip-line" d={stroke} />
        {runs.map(({ at, length, state }) => (
          <StripRun key={at} x={at * CELL} width={length * CELL} state={state} />
        ))}
      </svg>
      <p class="strip-scale quiet" aria-hidden="true">
        <span>{minutes >= 60 ? texts.strip.agoHour : texts.strip.ago(minutes)}</span>
        <span>{texts.strip.now}</span>
      </p>
    </figure>
  );
}

/** States differ in height as well as in colour: sound fills the band, bridged stands out above, a gap is a hole. */
function StripRun({ x, width, state }: { x: number; width: number; state: number }) {
  const top = HEIGHT - BAND;
  if (state === NO_DATA) return <rect class="run-none" x={x} y={HEIGHT - 3} width={width} height={1} />;
  if (state === BRIDGED) return <rect class="run-bridged" x={x} y={top - 4} width={width} height={BAND + 4} />;
  if (state === GAP) return <rect class="run-gap" x={x} y={2} width={Math.max(width, 3)} height={HEIGHT - 2} />;
  if (state === FALLBACK) return <rect class="run-fallback" x={x} y={top + 4} width={width} height={BAND - 4} />;
  return <rect class="run-sound" x={x} y={top} width={width} height={BAND} />;
}

/** The words for the strip's shapes. */
export function StripLegend() {
  const shapes = ['none', 'sound', 'bridged', 'gap', 'fallback'];
  return (
    <ul class="legend" aria-label={texts.strip.legend}>
      {texts.strip.states.map((word, index) => (
        <li key={word} class={index === 0 ? 'legend-none' : ''}>
          <span class={`swatch swatch-${shapes[index]}`} aria-hidden="true" />
          {word}
        </li>
      ))}
    </ul>
  );
}
