import type { HttpConfig, NodeConfig } from '../config/node-config.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { systemRandom } from '../core/random.ts';
import { urlHost } from '../core/url-host.ts';
import { VERSION } from '../core/version.ts';
import { createDialer } from '../net/dial.ts';
import { createNodeLinks } from '../net/link/node-links.ts';
import { createNetwork } from '../net/network.ts';
import { runningSwarms } from '../swarm/view/running-swarms.ts';
import type { SwarmSource } from '../swarm/view/sight.ts';
import { SwarmViewer } from '../swarm/view/swarm-viewer.ts';
import { TakeLibrary } from '../tracks/takes/take-library.ts';
import type { TracksSource } from '../tracks/view/watched.ts';
import { Access } from './access/access.ts';
import { passwordFileOf, readPasswordFile } from './access/password-file.ts';
import { EventLog } from './events/event-log.ts';
import { EventFeed } from './events/feed.ts';
import { MapFeed } from './events/map-feed.ts';
import { HistoryBook } from './history/history-book.ts';
import type { Route } from './http/route.ts';
import { createRequestListener } from './http/router.ts';
import type { NodeView } from './node-view.ts';
import { linkView } from './status/link-status.ts';
import type { NodeStatus } from './status/schema.ts';
import { shownStatus } from './status/shown-status.ts';
import { ConfigSteering, type ConfigurationSource } from './steer/config-steering.ts';
import { StreamSet } from './stream/stream-set.ts';
import { TracksDesk } from './tracks/tracks-desk.ts';
import { TracksFeed } from './tracks/tracks-feed.ts';

/** What a node is given. */
export interface NodeDeps {
  readonly log: Logger;
  readonly clock: Clock;
  /** Texts that no page ever shows: the secrets of the configuration. */
  readonly secrets?: readonly string[];
  /** Where the configuration can be read anew; undefined: it never changes. */
  readonly configuration?: ConfigurationSource;
  /** The program around the node is the demo. */
  readonly isDemo?: boolean;
  /** The swarm of the program around the node, whose pages begin with it; default: what its outputs publish in. */
  readonly swarm?: { readonly name: string; readonly sources: () => Iterable<SwarmSource> };
  /** Tracks that the program around the node records or sends, whose pages begin with them. */
  readonly tracks?: TracksSource;
  /** Who may see finished takes; default: administrators. */
  readonly takesFor?: 'admin' | 'machine';
  /** Routes of the program around the node; they cannot replace the node's own. */
  readonly extraRoutes?: readonly Route[];
  /** 0 to 1; spreads retries. */
  readonly random?: () => number;
  /** All addresses of a name. Default: the system's resolver. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
}

/** A node that runs. */
export interface RunningNode {
  /** Addresses of the shared port, for people; empty when the node has none. */
  readonly urls: readonly string[];
  /** The port that the shared port got; undefined when the node has none. */
  readonly port: number | undefined;
  status(): NodeStatus;
  /** Reads the configuration anew and uses it, and logs what came of it; a wrong one changes nothing. */
  reload(): Promise<void>;
  /** Ends all streams, connections and timers. */
  close(): Promise<void>;
}

/**
 * Starts a node. Rejects (PORT_IN_USE, PORT_FORBIDDEN, ADDRESS_UNAVAILABLE, TLS_UNUSABLE) when the shared port cannot
 * be opened; ports of single modules are retried by their supervisors.
 */
export async function startNode(first: NodeConfig, deps: NodeDeps): Promise<RunningNode> {
  let config = first;
  const { clock, random = systemRandom } = deps;
  const events = new EventLog({ clock, secrets: deps.secrets ?? [] });
  const log = events.tee(deps.log);
  const startedUtcMs = clock.utcMs();
  const startedMs = clock.nowMs();
  const status = (): NodeStatus => ({
    node: {
      version: VERSION,
      nodeVersion: process.version,
      startedAt: new Date(startedUtcMs).toISOString(),
      uptimeSeconds: Math.round((clock.nowMs() - startedMs) / 1000),
    },
    streams: streams.all.map((stream) => stream.status()),
    links: links.status().map(linkView),
  });
  const history = new HistoryBook(clock, () => streams.all);
  const access = new Access({
    clock,
    admin: () => config.admin,
    passwords: () => readPasswordFile(passwordFileOf(config.stateDir)),
  });
  const feed = new EventFeed({
    clock,
    random,
    log: events,
    status: (audience) => shownStatus(view, audience === 'admin'),
  });
  const swarm = new SwarmViewer({
    clock,
    name: () => deps.swarm?.name ?? 'this node',
    sources: deps.swarm?.sources ?? runningSwarms,
  });
  const swarmFeed = new MapFeed({ clock, random, view: (audience) => swarm.view(audience === 'admin') });
  const tracks = new TracksFeed(new TracksDesk(deps.tracks, () => streams.all), clock, random);
  const view: NodeView = {
    version: VERSION,
    startedUtcMs,
    clock,
    log,
    access,
    get publicView() {
      return config.http?.publicView ?? 'full';
    },
    isDemo: deps.isDemo === true,
    home: deps.tracks ? 'tracks' : deps.swarm ? 'swarm' : 'wall',
    swarm: { view: (isAdmin) => swarm.view(isAdmin), feed: swarmFeed },
    feed,
    tracks,
    takes: config.takesFolder === undefined ? undefined : new TakeLibrary(config.takesFolder),
    takesFor: deps.takesFor ?? 'admin',
    events,
    history,
    status,
    hasStream: (name) => streams.find(name) !== undefined,
    streamStatus: (name) => streams.find(name)?.status(),
    steered: (name) => streams.find(name),
    configuration:
      deps.configuration &&
      new ConfigSteering(deps.configuration, {
        current: () => config,
        use: async (next, changes, secrets) => {
          events.hide(secrets);
          config = { ...next, http: config.http && { ...config.http, ...publicViewOf(next) } };
          await streams.use(next.streams, changes);
        },
      }),
    directory: () => network.directory(),
    networkCounters: () => network.counters(),
    linkRefusals: () => links.refusals(),
    ledger: (name) => streams.find(name)?.ledger?.snapshot(),
  };
  const resolver = deps.lookup ? { lookup: deps.lookup } : {};
  const dialer = createDialer({ allow: config.egressAllow, ...resolver });
  const links = createNodeLinks({
    clock,
    log,
    random,
    dialer,
    privateKey: config.linkKey,
    certificate: config.http?.tls,
    ...resolver,
  });
  const network = createNetwork({
    links,
    http: config.http,
    requestListener: (request, response) => answer(request, response),
    log,
    clock,
    dialer,
  });
  const streams = new StreamSet({ clock, log, baseDir: config.baseDir, network, random });
  const answer = createRequestListener(view, {
    failures: network.failures,
    ...(deps.extraRoutes ? { extraRoutes: deps.extraRoutes } : {}),
  });
  const main = config.http
    ? await network.open().catch((error: unknown) => {
        history.close();
        throw error;
      })
    : undefined;
  streams.start(config.streams);
  return {
    urls: main ? urlsOf(main.host, main.port, config.http?.tls !== undefined) : [],
    port: main?.port,
    status,
    reload: () => reloadAndTell(view),
    close: async () => {
      history.close();
      feed.close();
      tracks.close();
      swarmFeed.close();
      await streams.close();
      await links.close();
      network.close();
    },
  };
}

/** What a reload changes of the shared port; the rest of it stays as it was opened. */
function publicViewOf({ http }: NodeConfig): Pick<HttpConfig, 'publicView'> {
  return http?.publicView === undefined ? {} : { publicView: http.publicView };
}

async function reloadAndTell({ configuration, log }: NodeView): Promise<void> {
  if (!configuration) return;
  try {
    const { started, stopped, restarted, kept, needsRestart } = await configuration.reload();
    const counts = `${started.length} started, ${stopped.length} stopped, ${restarted.length} restarted, ${kept.length} kept`;
    log.info(`the configuration was reloaded: ${counts}`);
    if (needsRestart.length > 0)
      log.warn(`these take effect when the node is started anew: ${needsRestart.join(', ')}`);
  } catch (error) {
    log.error(`the configuration is wrong; nothing was changed: ${configuration.describe(error)}`);
  }
}

function urlsOf(host: string, port: number, tls: boolean): string[] {
  const name = host === '::' || host === '0.0.0.0' ? 'localhost' : urlHost(host);
  return [`${tls ? 'https' : 'http'}://${name}:${port}/`];
}
