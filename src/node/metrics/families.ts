/**
 * The status of a node as Prometheus metrics. Names and units follow Prometheus' conventions; labels name
 * streams, mounts, modules and the peers of links as the configuration calls them, never addresses or titles.
 * @module
 */
import type { NodeView } from '../node-view.ts';
import { type NodeStatus, nodeStatusSchema, type StreamStatus } from '../status/schema.ts';
import { linkFamilies } from './link-families.ts';
import { PathTotals } from './path-totals.ts';

/** One value with its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all its samples. Counters end in `_total`. */
export interface MetricFamily {
  readonly kind: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const STATES = nodeStatusSchema.shape.streams.element.shape.state.options;

/** Counters of a module that are bytes: shown as one metric for all modules. */
const BYTE_COUNTERS: ReadonlySet<string> = new Set(['bytes', 'bytes_sent', 'bytes_written']);
/** A module's counter of this name counts listeners that were dropped, by reason. */
const DROP_PREFIX = 'drops_';
/** A module's counter must have such a name and there are at most so many, whatever a module reports. */
const COUNTER_NAME = /^[a-z][a-z0-9_]{0,63}$/;
const MAX_COUNTERS = 40;

type StreamSamples = (stream: StreamStatus) => readonly Sample[];

interface StreamMetric {
  readonly kind: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly samples: StreamSamples;
}

function perStream(value: (stream: StreamStatus) => number): StreamSamples {
  return (stream) => [{ labels: { stream: stream.name }, value: value(stream) }];
}

function perInput(value: (input: StreamStatus['inputs'][number]) => number): StreamSamples {
  return (stream) =>
    stream.inputs.map((input) => ({
      labels: { stream: stream.name, input: input.name, type: input.type },
      value: value(input),
    }));
}

function perOutput(value: (output: StreamStatus['outputs'][number]) => number): StreamSamples {
  return (stream) =>
    stream.outputs.map((output) => ({
      labels: { stream: stream.name, output: output.name, type: output.type },
      value: value(output),
    }));
}

function usableCounters(counters: Readonly<Record<string, number>>): [name: string, value: number][] {
  return Object.entries(counters)
    .filter(([name, value]) => COUNTER_NAME.test(name) && value >= 0)
    .slice(0, MAX_COUNTERS);
}

const inputEvents: StreamSamples = (stream) =>
  stream.inputs.flatMap((input) =>
    usableCounters(input.counters).map(([event, value]) => ({
      labels: { stream: stream.name, input: input.name, type: input.type, event },
      value,
    })),
  );

const outputEvents: StreamSamples = (stream) =>
  stream.outputs.flatMap((output) =>
    usableCounters(output.counters)
      .filter(([event]) => !event.startsWith(DROP_PREFIX) && !BYTE_COUNTERS.has(event))
      .map(([event, value]) => ({
        labels: { stream: stream.name, output: output.name, type: output.type, event },
        value,
      })),
  );

const listenerDrops: StreamSamples = (stream) =>
  stream.outputs.flatMap((output) =>
    usableCounters(output.counters)
      .filter(([name]) => name.startsWith(DROP_PREFIX))
      .map(([name, value]) => ({
        labels: { stream: stream.name, output: output.name, reason: name.slice(DROP_PREFIX.length) },
        value,
      })),
  );

function outputBytes(counters: Readonly<Record<string, number>>): number {
  return [...BYTE_COUNTERS].reduce((total, name) => total + (counters[name] ?? 0), 0);
}

const gapsByCause: StreamSamples = (stream) =>
  Object.entries(stream.counters.causes).map(([cause, value]) => ({ labels: { stream: stream.name, cause }, value }));

const clockDrift: StreamSamples = ({ name, clock }) =>
  clock?.confident ? [{ labels: { stream: name }, value: clock.driftPpm }] : [];

const stateSet: StreamSamples = (stream) =>
  STATES.map((state) => ({ labels: { stream: stream.name, state }, value: stream.state === state ? 1 : 0 }));

const gauge = (name: string, help: string, samples: StreamSamples): StreamMetric => ({
  kind: 'gauge',
  name,
  help,
  samples,
});
const counter = (name: string, help: string, samples: StreamSamples): StreamMetric => ({
  kind: 'counter',
  name,
  help,
  samples,
});

/** What is measured of each stream. */
const STREAM_METRICS: readonly StreamMetric[] = [
  gauge(
    'distream_stream_live',
    '1 while the input delivers.',
    perStream((s) => (s.state === 'live' ? 1 : 0)),
  ),
  gauge('distream_stream_state', '1 for the state that the stream is in.', stateSet),
  gauge(
    'distream_buffer_seconds',
    'Audio held.',
    perStream((s) => s.buffer.heldSeconds),
  ),
  gauge(
    'distream_buffer_bytes',
    'Bytes held.',
    perStream((s) => s.buffer.bytes),
  ),
  gauge(
    'distream_reserve_seconds',
    'Audio held ahead of the listeners.',
    perStream((s) => s.buffer.reserveSeconds),
  ),
  gauge(
    'distream_lasts_seconds',
    'How long listeners hear sound if nothing more comes; 0 while they hear nothing.',
    perStream((s) => s.lastsSeconds),
  ),
  gauge(
    'distream_reserve_lowest_hour_seconds',
    'The lowest reserve of the last hour.',
    perStream((s) => s.buffer.reserveLowestHourSeconds),
  ),
  gauge(
    'distream_reserve_target_seconds',
    'The reserve aimed at.',
    perStream((s) => s.buffer.reserveTargetSeconds),
  ),
  gauge('distream_stream_clock_drift_ppm', "By how much the source's clock is fast; missing until known.", clockDrift),
  counter('distream_gaps_total', 'Places where the audio does not continue, by cause.', gapsByCause),
  counter(
    'distream_gap_seconds_total',
    'Audio missing.',
    perStream((s) => s.counters.gapSeconds),
  ),
  counter(
    'distream_stalls_total',
    'Times the reserve was used up.',
    perStream((s) => s.counters.stalls),
  ),
  counter(
    'distream_stall_seconds_total',
    'Time without sound.',
    perStream((s) => s.counters.stallSeconds),
  ),
  counter(
    'distream_repeats_total',
    'Places where audio was heard twice.',
    perStream((s) => s.counters.repeats),
  ),
  counter(
    'distream_skipped_bytes_total',
    'Bytes that were no audio.',
    perStream((s) => s.counters.skippedBytes),
  ),
  counter(
    'distream_overlap_dropped_bytes_total',
    'Repeated audio dropped after reconnects.',
    perStream((s) => s.counters.overlapBytesDropped),
  ),
  gauge(
    'distream_input_live',
    '1 while audio comes.',
    perInput((input) => (input.state === 'live' ? 1 : 0)),
  ),
  gauge(
    'distream_input_active',
    '1 for the input that the outputs play.',
    perInput((input) => (input.active ? 1 : 0)),
  ),
  counter(
    'distream_input_reconnects_total',
    'Sessions after the first.',
    perInput((input) => input.reconnects),
  ),
  counter(
    'distream_input_bytes_total',
    'Encoded audio received.',
    perInput((input) => input.bytes),
  ),
  counter('distream_input_events_total', 'Counters of the kind of input, by event.', inputEvents),
  counter(
    'distream_output_restarts_total',
    'Starts after the first.',
    perOutput((output) => output.restarts),
  ),
  counter(
    'distream_output_bytes_total',
    'Bytes sent or written.',
    perOutput((output) => outputBytes(output.counters)),
  ),
  counter('distream_output_events_total', 'Counters of the kind of output, by event.', outputEvents),
  counter('distream_listener_drops_total', 'Listeners dropped, by reason.', listenerDrops),
];

function streamFamilies(status: NodeStatus): MetricFamily[] {
  return STREAM_METRICS.map(({ kind, name, help, samples }) => ({
    kind,
    name,
    help,
    samples: status.streams.flatMap((stream) => samples(stream)),
  }));
}

function mountFamilies(view: NodeView): MetricFamily[] {
  const mounts = view.directory().listeners.map((mount) => ({ mount: mount.mount, info: mount.info() }));
  return [
    {
      kind: 'gauge',
      name: 'distream_listeners',
      help: 'Listeners connected.',
      samples: mounts.map(({ mount, info }) => ({ labels: { mount, stream: info.streamName }, value: info.listeners })),
    },
    {
      kind: 'gauge',
      name: 'icecast_listeners',
      help: 'Listeners connected, under the name that dashboards for Icecast read.',
      samples: mounts.map(({ mount, info }) => ({ labels: { mountpoint: mount }, value: info.listeners })),
    },
  ];
}

function frontFamilies(view: NodeView): MetricFamily[] {
  const network = view.networkCounters();
  const refused = Object.entries(network.refusedTotal).map(([reason, value]) => ({ labels: { reason }, value }));
  const single = (value: number): Sample[] => [{ labels: {}, value }];
  return [
    {
      kind: 'gauge',
      name: 'distream_front_connections',
      help: 'Connections open on the shared port.',
      samples: single(network.connections),
    },
    {
      kind: 'counter',
      name: 'distream_front_connections_total',
      help: 'Connections accepted on the shared port.',
      samples: single(network.connectionsTotal),
    },
    {
      kind: 'counter',
      name: 'distream_front_refused_total',
      help: 'Connections and requests turned away, by reason.',
      samples: refused,
    },
  ];
}

/** The live feed of the pages. */
function feedFamilies({ feed: { clients, counters } }: NodeView): MetricFamily[] {
  const total = (name: string, help: string, value: number): MetricFamily => {
    return { kind: 'counter', name: `distream_feed_${name}_total`, help, samples: [{ labels: {}, value }] };
  };
  return [
    {
      kind: 'gauge',
      name: 'distream_feed_clients',
      help: 'Pages that the live feed is open to.',
      samples: [{ labels: {}, value: clients }],
    },
    total('opened', 'Feeds opened.', counters.opened),
    total('resumed', 'Feeds that went on where they had been.', counters.resumed),
    total('cut', 'Feeds ended because the page did not read.', counters.cut),
    total('refused', 'Feeds refused because too many were open.', counters.refused),
    total('bytes', 'Bytes told to pages.', counters.bytes),
  ];
}

/** All metrics of a node now; `paths` is kept from one scrape to the next. */
export function nodeFamilies(view: NodeView, paths = new PathTotals()): MetricFamily[] {
  const status = view.status();
  const build = { version: status.node.version, node_version: status.node.nodeVersion };
  return [
    { kind: 'gauge', name: 'distream_build_info', help: 'Versions.', samples: [{ labels: build, value: 1 }] },
    ...mountFamilies(view),
    ...streamFamilies(status),
    ...linkFamilies(status.links, view.linkRefusals(), paths),
    ...frontFamilies(view),
    ...feedFamilies(view),
  ];
}
