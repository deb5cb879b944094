import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { nowMs } from '../feed.ts';
import { historyOf } from '../history.ts';
import type { Moment, Span } from '../stream-history.ts';
import { texts } from '../texts.ts';

type Column = 'reserveSeconds' | 'bitrate' | 'listeners' | 'latencySeconds';

const CHARTS: readonly { column: Column; name: string; digits: number }[] = [
  { column: 'reserveSeconds', name: texts.stream.chartReserve, digits: 1 },
  { column: 'bitrate', name: texts.stream.chartRate, digits: 0 },
  { column: 'listeners', name: texts.stream.chartListeners, digits: 0 },
  { column: 'latencySeconds', name: texts.stream.chartLatency, digits: 1 },
];
const SPANS: readonly Span[] = ['5m', '1h', '24h'];
const HEIGHT = 150;

const timeWords = (seconds: number) =>
  new Date(seconds * 1000).toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    second: seconds % 60 ? '2-digit' : undefined,
    hour12: false,
  });

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function dataOf(moments: readonly Moment[], column: Column): uPlot.AlignedData {
  return [moments.map(({ t }) => t / 1000), moments.map((moment) => moment[column])];
}

function summaryOf(moments: readonly Moment[], column: Column, name: string, digits: number): string {
  const values = moments.map((moment) => moment[column]).filter((value) => value !== null);
  const last = values.at(-1);
  if (last === undefined) return `${name}: ${texts.stream.chartEmpty}`;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return texts.stream.chartSummary(name, last.toFixed(digits), low.toFixed(digits), high.toFixed(digits));
}

interface ChartProps {
  readonly column: Column;
  readonly name: string;
  readonly digits: number;
  readonly moments: readonly Moment[];
  /** Shown from the newest back, in seconds; undefined for all. */
  readonly zoom: number | undefined;
}

function Chart({ column, name, digits, moments, zoom }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const isZoomed = useRef(false);
  useEffect(() => {
    const place = box.current;
    if (!place) return;
    const axis: uPlot.Axis = {
      stroke: colour('--quiet'),
      grid: { stroke: colour('--track'), width: 1 },
      ticks: { stroke: colour('--track'), width: 1 },
      font: '12px system-ui, sans-serif',
    };
    const made = new uPlot(
      {
        width: place.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { drag: { x: true, y: false }, sync: { key: 'stream' } },
        scales: { y: { range: (_, __, max) => [0, Math.max(1, (max ?? 1) * 1.1)] } },
        axes: [
          { ...axis, values: (_, splits) => splits.map(timeWords) },
          { ...axis, size: 44 },
        ],
        series: [
          {},
          {
            stroke: colour('--accent'),
            width: 2,
            fill: `color-mix(in srgb, ${colour('--accent')} 12%, transparent)`,
            points: { show: false },
          },
        ],
        hooks: {
          setSelect: [
            (self) => {
              isZoomed.current = self.select.width > 0;
            },
          ],
        },
      },
      [[], []],
      place,
    );
    made.over.addEventListener('dblclick', () => {
      isZoomed.current = false;
    });
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: place.clientWidth, height: HEIGHT }));
    watch.observe(place);
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, []);
  useEffect(() => {
    const drawn = plot.current;
    if (!drawn) return;
    drawn.setData(dataOf(moments, column), !isZoomed.current);
    const last = moments.at(-1)?.t;
    if (zoom !== undefined && last !== undefined) drawn.setScale('x', { min: last / 1000 - zoom, max: last / 1000 });
  }, [moments, column, zoom]);
  return (
    <figure class="chart">
      <figcaption>{name}</figcaption>
      <div ref={box} class="chart-box" role="img" aria-label={summaryOf(moments, column, name, digits)} />
    </figure>
  );
}

const SPAN_SECONDS: Record<Span, number> = { '5m': 300, '1h': 3600, '24h': 86_400 };

/** Reserve, rate, listeners and latency over time. */
export function Charts({ name }: { name: string }) {
  const [span, setSpan] = useState<Span>('5m');
  const [zoom, setZoom] = useState(1);
  const history = historyOf(name);
  const now = nowMs.value;
  void history.version.value;
  const step = Math.floor(now / (span === '5m' ? 2000 : 10_000));
  useEffect(() => void history.ask(name, span, now), [name, span, step]);
  const moments = history.moments(span, now);
  const isEmpty = moments.length === 0;
  return (
    <section class="panel" aria-labelledby="charts">
      <div class="charts-head">
        <h2 id="charts">{texts.stream.charts}</h2>
        <fieldset class="buttons span-choice">
          <legend class="hidden-words">{texts.stream.span}</legend>
          {SPANS.map((each) => (
            <button key={each} type="button" aria-pressed={each === span} onClick={() => setSpan(each)}>
              {texts.stream.spans[each]}
            </button>
          ))}
          <button type="button" onClick={() => setZoom(Math.min(16, zoom * 2))}>
            {texts.stream.zoomIn}
          </button>
          <button type="button" disabled={zoom === 1} onClick={() => setZoom(1)}>
            {texts.stream.zoomOut}
          </button>
        </fieldset>
      </div>
      <p class="quiet">
        {isEmpty ? texts.stream.chartEmpty : history.isKept === false ? texts.stream.chartLocal : texts.stream.zoomHelp}
      </p>
      <div class="charts">
        {CHARTS.map((chart) => (
          <Chart
            key={`${chart.column} ${span}`}
            {...chart}
            moments={moments}
            zoom={zoom === 1 ? undefined : SPAN_SECONDS[span] / zoom}
          />
        ))}
      </div>
    </section>
  );
}
