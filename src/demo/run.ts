/**
 * The demo: a node plays music, a line that fails on purpose leads to a second node, and that one serves listeners
 * who hear none of it.
 *
 * Above `node/` and `config/`; only the command line imports from here.
 * @module
 */

import { makeSecret } from '../config/credentials.ts';
import { type Clock, sleep } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { json, READ, type Route } from '../node/http/route.ts';
import { type RunningNode, startNode } from '../node/node.ts';
import { anyHost, freeLoopbackPort, networkAddresses, nextFreePort } from './addresses.ts';
import { demoLineRoute } from './demo-line-route.ts';
import { demoConfig, studioYaml, transmitterYaml } from './demo-nodes.ts';
import { DemoWatch } from './demo-watch.ts';
import { outages } from './outages.ts';
import { seededRandom } from './seeded-random.ts';
import { UnstableLine } from './unstable-line.ts';
import { welcome } from './welcome.ts';

/** The port that players are told first. */
const DEFAULT_PORT = 8000;
/** Its first outage comes after 20 s and lasts 7 s. */
const DEFAULT_SEED = 2902;
/** The end of the demo does not wait longer for the nodes. */
const STOP_MS = 1_500;

/** What the demo is given. */
export interface DemoOptions {
  /** Port for listeners; default 8000, or the next free one. */
  readonly port?: number | undefined;
  /** A stream to use instead of the bundled music: the URL of an Icecast, SHOUTcast or HTTP stream. */
  readonly source?: string | undefined;
  /** Decides when the line fails. */
  readonly seed?: number | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends the demo. */
  readonly signal: AbortSignal;
  /** Takes each line for the person at the terminal; default: standard output. */
  readonly print?: (line: string) => void;
}

/**
 * Runs the demo until `signal` aborts; then everything is closed within 2 s. Rejects when it cannot
 * start: PORT_IN_USE, PORT_FORBIDDEN, or what a configuration of a node can be wrong with.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { clock, log, signal, print = (line) => process.stdout.write(`${line}\n`) } = options;
  const started: (() => Promise<void> | void)[] = [];
  try {
    const host = await anyHost();
    const wanted = options.port ?? DEFAULT_PORT;
    const port = await nextFreePort(host, wanted);
    const password = makeSecret();

    const studioPort = await freeLoopbackPort();
    const studio = await start('studio', studioYaml({ source: options.source, port: studioPort, password }), []);
    started.push(() => studio.close());

    const watch = new DemoWatch((line) => print(`${clockTime(clock.utcMs())}  ${line}`));
    const line = new UnstableLine({
      target: { host: '127.0.0.1', port: studioPort },
      schedule: outages(seededRandom(options.seed ?? DEFAULT_SEED)),
      clock,
      log,
      onChange: (event) => watch.lineChanged(event),
    });
    started.push(() => line.stop());
    const linePort = await line.start();

    const yaml = transmitterYaml({ host, port, linePort, password, start: options.source ? 'full' : 'now' });
    const transmitter = await start('transmitter', yaml, [
      demoRoute(watch),
      demoLineRoute({
        line,
        random: seededRandom(DEFAULT_SEED),
        tell: (text) => print(`${clockTime(clock.utcMs())}  ${text}`),
      }),
    ]);
    started.push(() => transmitter.close());
    watch.observe(
      () => line.report(),
      () => transmitter.status(),
    );

    const portTaken = port === wanted ? undefined : wanted;
    print(welcome({ port, portTaken, networkAddresses: networkAddresses(), fillsFirst: options.source !== undefined }));
    await aborted(signal);
  } finally {
    await atMost(STOP_MS, Promise.allSettled(started.reverse().map(async (stop) => stop())), clock);
  }

  async function start(name: string, yaml: string, extraRoutes: readonly Route[]): Promise<RunningNode> {
    const config = await demoConfig(name, yaml, name === 'transmitter');
    return startNode(config, { clock, log: log.child({ node: name }), extraRoutes, isDemo: name === 'transmitter' });
  }
}

function demoRoute(watch: DemoWatch): Route {
  return { path: '/api/v1/demo', methods: READ, role: 'public', cors: true, handle: () => json(watch.status()) };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function clockTime(utcMs: number): string {
  return new Date(utcMs).toTimeString().slice(0, 8);
}

async function atMost(limitMs: number, work: Promise<unknown>, clock: Clock): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, sleep(clock, limitMs, done.signal)]);
  done.abort();
}
