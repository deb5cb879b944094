/**
 * A whole node with a victim: a stream with a source and listeners whose every byte is checked while hostile input goes
 * to the node's other mounts and ports.
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openLog } from '../../src/cli/logging.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { Logger } from '../../src/core/logger.ts';
import { type NodeDeps, type RunningNode, startNode } from '../../src/node/node.ts';
import type { StreamStatus } from '../../src/node/status/schema.ts';
import { countingBytes, firstBreak } from './counting-pattern.ts';
import { eventually } from './eventually.ts';
import { askRaw, basicAuth, closeStrangers, HOME, HostileClient } from './hostile-client.ts';

/** No output, log line or status may ever hold this. */
export const CANARY = 'Kanarienvogel-5e1f';
export const ADMIN_CANARY = 'Zaunkoenig-77ab';
const BYTES_PER_TURN = 480;
const TURN_MS = 30;

/** Options of a hostile test's node. */
export interface HostileNodeOptions {
  /** Where it listens; any free port when left out. Port + 1 is for SHOUTcast sources. */
  readonly port?: number;
  /** More streams as YAML, indented by two. */
  readonly streams?: string;
  /** More of `http:` as YAML in flow style, e.g. `, limits: {...}`. */
  readonly http?: string;
  readonly clock?: Clock;
  readonly deps?: Partial<NodeDeps>;
}

/** A node that runs with its victim. */
export interface HostileNode {
  readonly node: RunningNode;
  readonly port: number;
  readonly folder: string;
  /** All log lines so far, as JSON and for people. */
  readonly log: string[];
  /** A request of the victim's own address. */
  ask(request: string): Promise<HostileClient>;
  /** The body of a GET as administrator. */
  admin(path: string): Promise<string>;
  stream(name: string): StreamStatus;
  /** The connections that are open now are meant to stay. */
  settle(): void;
  /** The node is up, the victim's listeners have every byte and go on, no connection is left, no secret was shown. */
  expectUnharmed(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a node with the stream `victim` (`/victim-in` to `/victim`) and the streams given; the victim is on air. */
export async function startHostileNode(options: HostileNodeOptions = {}): Promise<HostileNode> {
  const { streams = '', http = '', clock = systemClock, deps = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'distream-hostile-'));
  const file = join(folder, 'distream.yaml');
  writeFileSync(file, configuration(options.port ?? 0, http, streams), { mode: 0o600 });
  const loaded = await loadConfig([file], { env: {}, secrets: 'make' });
  const log: string[] = [];
  const format = (name: 'pretty' | 'json') =>
    openLog({ level: 'debug', format: name, colour: false, write: (line) => void log.push(line) });
  const [json, pretty] = [format('json'), format('pretty')];
  const node = await startNode(loaded.config, { log: both(json, pretty), clock, ...deps });
  const port = node.port!;
  const victim = await startVictim(port, node);
  const stream = (name: string) => node.status().streams.find((each) => each.name === name)!;
  const ask = (request: string) => askRaw(port, request, HOME);
  const admin = async (path: string) =>
    (await ask(`GET ${path} HTTP/1.0\r\nHost: localhost\r\n${basicAuth('admin', ADMIN_CANARY)}\r\n`)).body.toString();
  let baseline = openConnections();
  const settle = () => {
    baseline = openConnections();
  };

  async function expectUnharmed(): Promise<void> {
    closeStrangers();
    await victim.expectExact();
    await eventually(`${openConnections()} connections to become ${baseline}`, () => openConnections() <= baseline);
    const shown = [
      log.join(''),
      JSON.stringify(node.status()),
      await admin('/api/v1/status'),
      await admin('/admin/stats'),
    ];
    shown.push(await admin('/metrics'), (await ask('GET / HTTP/1.0\r\n\r\n')).text);
    expect(shown[2]).toContain('"peer"');
    expect(shown[3]).toContain('<icestats>');
    expect(shown[4]).toContain('distream_');
    for (const text of shown) {
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain(ADMIN_CANARY);
    }
    expect(log.join('')).not.toContain('internal error');
    expect(stream('victim')).toMatchObject({ state: 'live', counters: { gaps: 0, skippedBytes: 0 } });
  }

  async function close(): Promise<void> {
    victim.close();
    await node.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { node, port, folder, log, ask, admin, stream, settle, expectUnharmed, close };
}

function configuration(port: number, http: string, streams: string): string {
  return `
http: { host: 127.0.0.1, port: ${port}${http} }
admin: { password: ${ADMIN_CANARY} }
log: { level: debug }
streams:
  victim:
    buffer: 5s
    fragment: 100ms
    input: { type: source, mount: /victim-in, password: ${CANARY}, shoutcast: false, timeout: 10m }
    outputs: [{ type: icecast, mount: /victim, tick: 50ms, burst: 0s }]
${streams}`;
}

function both(...logs: Logger[]): Logger {
  return {
    debug: (...line) => logs.forEach((log) => void log.debug(...line)),
    info: (...line) => logs.forEach((log) => void log.info(...line)),
    warn: (...line) => logs.forEach((log) => void log.warn(...line)),
    error: (...line) => logs.forEach((log) => void log.error(...line)),
    child: (fields) => both(...logs.map((log) => log.child(fields))),
  };
}

async function startVictim(port: number, node: RunningNode) {
  const put = `PUT /victim-in HTTP/1.0\r\n${basicAuth('source', CANARY)}Content-Type: application/octet-stream\r\nIce-Bitrate: 128\r\n\r\n`;
  const source = await HostileClient.open(port, '', HOME);
  await eventually('the mount of the victim', async () => {
    const probe = await askRaw(port, 'PUT /victim-in HTTP/1.0\r\n\r\n', HOME);
    return probe.status === 401;
  });
  source.send(put);
  let sent = 0;
  const timer = setInterval(() => {
    source.send(countingBytes(sent, BYTES_PER_TURN));
    sent += BYTES_PER_TURN;
  }, TURN_MS);
  await eventually(
    'the victim on air',
    () => node.status().streams.find(({ name }) => name === 'victim')!.buffer.fragments > 2,
  );
  const get = 'GET /victim HTTP/1.0\r\n\r\n';
  const listeners = [await HostileClient.open(port, get, HOME), await HostileClient.open(port, get, HOME)];
  await eventually('sound', () => listeners.every(({ body }) => body.length > 0));
  return {
    /** All of what was sent until now comes, and nothing else. */
    async expectExact(): Promise<void> {
      const end = sent;
      for (const listener of listeners) {
        await eventually('the bytes of the victim', () => listener.closed || lastPosition(listener.body) >= end - 16);
        expect(firstBreak(listener.body)).toBe(-1);
        expect(listener.closed).toBe(false);
      }
      expect(source.closed).toBe(false);
    },
    close(): void {
      clearInterval(timer);
      for (const client of [source, ...listeners]) client.close();
    },
  };
}

/** The number of the newest whole block times its length. */
function lastPosition(body: Buffer): number {
  const mark = body.lastIndexOf('\x0fNETLAB\x0e', undefined, 'latin1');
  return mark < 8 ? -1 : Number(body.readBigUInt64BE(mark - 8)) * 16;
}

function openConnections(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap' || name === 'TCPWRAP').length;
}
