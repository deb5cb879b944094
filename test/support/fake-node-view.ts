import { silentLogger } from '../../src/core/logger.ts';
import type { ListenerMount, MountInfo, SourceMount, TitleUpdate } from '../../src/modules/network.ts';
import { Access } from '../../src/node/access/access.ts';
import { EventLog } from '../../src/node/events/event-log.ts';
import { EventFeed } from '../../src/node/events/feed.ts';
import { MapFeed } from '../../src/node/events/map-feed.ts';
import type { HistoryView } from '../../src/node/history/stream-history.ts';
import type { NodeView } from '../../src/node/node-view.ts';
import type { LinkView } from '../../src/node/status/link-schema.ts';
import { type NodeStatus, nodeStatusSchema, type StreamStatus } from '../../src/node/status/schema.ts';
import { type PublicView, shownStatus } from '../../src/node/status/shown-status.ts';
import type { SteeredStream, SteeringOutcome } from '../../src/node/steer/steered-stream.ts';
import { TracksDesk } from '../../src/node/tracks/tracks-desk.ts';
import { TracksFeed } from '../../src/node/tracks/tracks-feed.ts';
import { ContinuityLedger, type LedgerSnapshot } from '../../src/protocols/link/ledger.ts';
import type { SwarmSource } from '../../src/swarm/view/sight.ts';
import { SwarmViewer } from '../../src/swarm/view/swarm-viewer.ts';
import { FakeClock } from './fake-clock.ts';

const AT = '2026-01-01T00:00:00.000Z';

/** A stream that is on air, with one live input and one mount; `changes` replace whole keys. */
export function fakeStream(changes: Partial<StreamStatus> = {}): StreamStatus {
  return {
    name: 'morning',
    state: 'live',
    since: AT,
    format: { codec: 'mp3', contentType: 'audio/mpeg', sampleRate: 44100, channels: 2 },
    bitrateKbps: 128,
    lastsSeconds: 24.5,
    buffer: {
      heldSeconds: 60,
      keepSeconds: 60,
      fragments: 120,
      bytes: 960_000,
      reserveSeconds: 24.5,
      reserveTargetSeconds: 25,
      reserveLowestSeconds: 13,
      reserveLowestHourSeconds: 21.5,
    },
    counters: {
      gaps: 2,
      gapSeconds: 1.5,
      stalls: 1,
      stallSeconds: 0.5,
      repeats: 0,
      causes: { 'source-restart': 1, 'input-switch': 0, 'line-loss': 1, eviction: 0, corrupt: 0 },
      skippedBytes: 17,
      overlapBytesDropped: 4096,
    },
    metadata: { title: 'Ada - Engine' },
    titles: [{ title: 'Ada - Engine', at: AT }],
    inputs: [
      {
        name: 'input',
        type: 'icecast',
        state: 'live',
        active: true,
        since: AT,
        peer: 'http://10.0.0.7:8000/studio',
        agent: 'Icecast 2.4.4',
        reconnects: 3,
        lastError: { code: 'UNREACHABLE', message: 'cannot reach http://10.0.0.7:8000/studio: refused', at: AT },
        bytes: 1_000_000,
        counters: { redirects: 2 },
        detail: { path: '/private/file' },
      },
    ],
    outputs: [
      {
        name: 'output 1',
        type: 'icecast',
        state: 'ready',
        target: '/live.mp3',
        listeners: 3,
        since: AT,
        restarts: 0,
        counters: { bytes_sent: 5000, drops_slow: 4, joins: 9 },
        detail: {},
      },
      {
        name: 'output 2',
        type: 'recorder',
        state: 'recording',
        target: '/srv/archive/12.mp3',
        since: AT,
        restarts: 1,
        counters: { bytes_written: 700 },
        detail: { folder: '/srv/archive' },
      },
    ],
    ...changes,
  };
}

/** A link to `studio` that is up by UDP and waits on TLS; `changes` replace whole keys. */
export function fakeLink(changes: Partial<LinkView> = {}): LinkView {
  const path = {
    id: 0,
    carrier: 'udp',
    state: 'alive',
    local: '10.0.0.2:40000',
    remote: '10.0.0.7:4090',
    rttMs: 42.5,
    minRttMs: 40,
    lossRatio: 0.05,
    deliveryBytesPerSecond: 40_000,
    payloadBytes: 1447,
    sentBytes: 1000,
    sentPackets: 20,
    receivedBytes: 200,
    lostPackets: 1,
    spuriousLosses: 0,
  } as const;
  const { rttMs: _rttMs, minRttMs: _minRttMs, ...young } = path;
  return {
    peer: 'studio',
    role: 'dials',
    state: 'up',
    since: AT,
    connects: 3,
    lastError: 'no answer from 10.0.0.7:4090',
    paths: [path, { ...young, id: 1, carrier: 'tls', state: 'attaching' }],
    sends: [
      {
        name: 'morning',
        wanted: true,
        unackedBytes: 4000,
        resentBytes: 300,
        skippedBytes: 0,
        lagSeconds: 0.5,
        refillSeconds: 2.5,
      },
    ],
    receives: ['evening'],
    ...changes,
  };
}

/** A listener mount that says `info` and remembers whom it kicked. */
export class FakeListenerMount implements ListenerMount {
  readonly mount: string;
  readonly kicked: number[] = [];
  #info: Partial<MountInfo>;

  constructor(mount: string, info: Partial<MountInfo> = {}) {
    this.mount = mount;
    this.#info = info;
  }

  accept(): void {}

  info(): MountInfo {
    return {
      streamName: 'morning',
      contentType: 'audio/mpeg',
      station: { name: 'Sine & <co>', genre: 'test', description: 'desc', url: 'http://e.org', bitrateKbps: 128 },
      title: 'Ada - Engine',
      artist: 'Ada',
      startedUtcMs: Date.UTC(2026, 0, 1),
      live: true,
      listeners: 3,
      listenerPeak: 7,
      maxListeners: undefined,
      slowListeners: 4,
      bytesSent: 5000,
      hidden: false,
      ...this.#info,
    };
  }

  clients() {
    return [{ id: 1, address: '198.51.100.9', agent: 'VLC <3>', connectedMs: 61_500, bytesSent: 10 }];
  }

  kick(id: number): boolean {
    this.kicked.push(id);
    return id === 1;
  }
}

/** A source mount with the credentials `source` / `hackme2`. */
export class FakeSourceMount implements SourceMount {
  readonly mount: string;
  readonly streamName: string;
  readonly titles: TitleUpdate[] = [];
  outcome: 'ok' | 'no-source' | 'unsupported' = 'ok';
  killed = 0;

  constructor(mount: string, streamName = 'morning') {
    this.mount = mount;
    this.streamName = streamName;
  }

  accept(): void {}

  checkCredentials(user: string, password: string): boolean {
    return user === 'source' && password === 'hackme2';
  }

  setTitle(update: TitleUpdate) {
    this.titles.push(update);
    return this.outcome;
  }

  source() {
    return { address: '192.0.2.5', agent: 'BUTT', connectedUtcMs: Date.UTC(2026, 0, 1), bytesRead: 77 };
  }

  kill(): boolean {
    this.killed++;
    return true;
  }
}

/** A stream that remembers its orders and answers `outcome`. */
export class FakeSteeredStream implements SteeredStream {
  readonly name: string;
  readonly orders: unknown[][] = [];
  outcome: SteeringOutcome = 'done';

  constructor(name: string) {
    this.name = name;
  }

  steerInput(...order: unknown[]) {
    return Promise.resolve(this.#take('input', order));
  }

  steerOutput(...order: unknown[]) {
    return Promise.resolve(this.#take('output', order));
  }

  forceFallback(...order: unknown[]) {
    return this.#take('fallback', order);
  }

  setTitle(...order: unknown[]) {
    return this.#take('title', order);
  }

  #take(kind: string, order: unknown[]): SteeringOutcome {
    this.orders.push([kind, ...order]);
    return this.outcome;
  }
}

/** A node view made of parts that a test may replace. */
export interface FakeNodeView extends NodeView {
  readonly clock: FakeClock;
  streams: StreamStatus[];
  links: LinkView[];
  publicView: PublicView;
  /** By stream. */
  readonly histories: Map<string, HistoryView>;
  readonly steeredStreams: Map<string, FakeSteeredStream>;
  readonly events: EventLog;
  readonly feed: EventFeed;
  /** By stream. */
  readonly ledgers: Map<string, LedgerSnapshot>;
  /** What the swarm is made of. */
  readonly swarms: SwarmSource[];
  listeners: ListenerMount[];
  sources: SourceMount[];
  /** Of mounts that are not at the port where the test asks. */
  readonly ports: Map<ListenerMount, number>;
}

/** A node with one stream, one listener mount `/live.mp3` and one source mount `/studio`; user `admin`, password `secret`. */
export function fakeNodeView(
  changes: Partial<
    Pick<
      FakeNodeView,
      | 'streams'
      | 'links'
      | 'listeners'
      | 'sources'
      | 'access'
      | 'publicView'
      | 'isDemo'
      | 'configuration'
      | 'home'
      | 'tracks'
      | 'takes'
      | 'takesFor'
    >
  > = {},
): FakeNodeView {
  const clock = new FakeClock(Date.UTC(2026, 0, 1, 1));
  const events = new EventLog({ clock });
  const history: HistoryView = {
    span: '1h',
    stepMs: 10_000,
    t: [1],
    reserveSeconds: [2],
    bitrate: [null],
    listeners: [3],
    latencySeconds: [4],
    state: [1],
  };
  const swarms: SwarmSource[] = [];
  const swarm = new SwarmViewer({ clock, name: () => 'radio.example', sources: () => swarms });
  const view: FakeNodeView = {
    version: '0.1.0',
    startedUtcMs: Date.UTC(2026, 0, 1),
    clock,
    log: events.tee(silentLogger),
    access: new Access({ clock, admin: () => ({ user: 'admin', password: 'secret' }), passwords: () => new Map() }),
    publicView: 'full',
    isDemo: false,
    tracks: new TracksFeed(new TracksDesk(undefined, () => []), clock, () => 0),
    takes: undefined,
    takesFor: 'admin',
    home: 'wall',
    swarms,
    swarm: {
      view: (isAdmin) => swarm.view(isAdmin),
      feed: new MapFeed({ clock, random: () => 0.5, view: (audience) => swarm.view(audience === 'admin') }),
    },
    events,
    feed: new EventFeed({
      clock,
      log: events,
      random: () => 0.5,
      status: (audience) => shownStatus(view, audience === 'admin'),
    }),
    histories: new Map([['morning', history]]),
    history: { view: (name, span) => (view.histories.has(name) ? { ...view.histories.get(name)!, span } : undefined) },
    steered: (name) => view.steeredStreams.get(name),
    steeredStreams: new Map([['morning', new FakeSteeredStream('morning')]]),
    configuration: undefined,
    hasStream: (name) => view.streams.some((stream) => stream.name === name),
    streamStatus: (name) => view.streams.find((stream) => stream.name === name),
    streams: [fakeStream()],
    links: [fakeLink()],
    ledgers: new Map([['morning', new ContinuityLedger(() => 0).snapshot()]]),
    listeners: [new FakeListenerMount('/live.mp3')],
    sources: [new FakeSourceMount('/studio')],
    status: (): NodeStatus =>
      nodeStatusSchema.parse({
        node: { version: '0.1.0', nodeVersion: 'v20.20.2', startedAt: AT, uptimeSeconds: 3600 },
        streams: view.streams,
        links: view.links,
      }),
    ports: new Map(),
    directory: () => ({
      listeners: view.listeners,
      sources: view.sources,
      portOf: (mount) => view.ports.get(mount),
    }),
    networkCounters: () => ({ connections: 5, connectionsTotal: 50, refusedTotal: { limit: 2 } }),
    linkRefusals: () => ({ unknown_key: 4 }),
    ledger: (name) => view.ledgers.get(name),
    ...changes,
  };
  return view;
}
