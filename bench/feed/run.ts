/**
 * What open pages cost a node: CPU of its process with so many live feeds, against the same node with none.
 * npm run bench:feed -- [--pages 200] [--streams 10] [--seconds 30] [--port 28500]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cpuSeconds } from '../support/process-cost.ts';

const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '200' },
    streams: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '30' },
    port: { type: 'string', default: '28500' },
  },
});
const pages = Number(values.pages);
const seconds = Number(values.seconds);
const port = Number(values.port);
const root = fileURLToPath(new URL('../../../', import.meta.url));

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Counts of what all pages were told. */
const told = { bytes: 0, events: 0, closed: 0 };

function openPage(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');
      resolve(socket);
    });
    socket.on('error', reject);
    socket.on('close', () => told.closed++);
    socket.on('data', (bytes) => {
      told.bytes += bytes.length;
      for (let at = bytes.indexOf('\nid: '); at >= 0; at = bytes.indexOf('\nid: ', at + 5)) told.events++;
    });
  });
}

/** Percent of a core that the node used in that time. */
async function percentOfCore(pid: number): Promise<number> {
  const before = cpuSeconds(pid);
  const startMs = performance.now();
  await wait(seconds * 1000);
  return ((cpuSeconds(pid) - before) / ((performance.now() - startMs) / 1000)) * 100;
}

async function untilOpen(): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (isOpen) return;
    await wait(100);
  }
  throw new Error(`nothing listens on port ${port}`);
}

const folder = mkdtempSync(join(tmpdir(), 'distream-feed-'));
const streams = Array.from(
  { length: Number(values.streams) },
  (_, index) =>
    `  s${index}:\n    input: { type: file, path: ${JSON.stringify(join(root, 'assets/demo'))} }\n` +
    `    outputs: [{ type: icecast, mount: /s${index}.mp3 }]\n`,
);
const file = join(folder, 'feed.yaml');
const limits = 'limits: { connectionsPerAddress: 20000 }';
writeFileSync(file, `http: { host: 127.0.0.1, port: ${port}, ${limits} }\nstreams:\n${streams.join('')}`);
const node = spawn(process.execPath, [join(root, 'bin/distream.js'), 'run', file, '--log-level', 'warn'], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
try {
  await untilOpen();
  await wait(5000);
  const idle = await percentOfCore(node.pid!);
  const sockets = await Promise.all(Array.from({ length: pages }, openPage));
  await wait(3000);
  Object.assign(told, { bytes: 0, events: 0, closed: 0 });
  const busy = await percentOfCore(node.pid!);
  const perPage = (value: number) => (value / pages / seconds).toFixed(1);
  console.log(`${pages} pages, ${values.streams} streams, ${seconds} s`);
  console.log(`node without pages   ${idle.toFixed(2)} % of a core`);
  console.log(`node with pages      ${busy.toFixed(2)} % of a core`);
  console.log(`the pages cost       ${(busy - idle).toFixed(2)} % of a core`);
  console.log(
    `each page was told   ${perPage(told.events)} events/s, ${perPage(told.bytes)} bytes/s; ${told.closed} closed`,
  );
  for (const socket of sockets) socket.destroy();
} finally {
  node.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
