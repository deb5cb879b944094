/**
 * What the wall costs a browser: first paint, layout shift, and the memory of the page over time.
 * npm run bench:pages -- [--streams 50] [--seconds 600] [--port 28600]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type CDPSession, chromium, type Page } from 'playwright-core';

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '600' },
    port: { type: 'string', default: '28600' },
  },
});
const port = Number(values.port);
const seconds = Number(values.seconds);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const SAMPLES = 6;
const WARM_UP_S = 30;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** In the page, before anything else. */
const OBSERVE = `
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shift += value;
  }).observe({ type: 'layout-shift', buffered: true });`;

/** Bytes of script objects that are in use, after a collection. */
async function heapBytes(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize;
}

async function firstPaintMs(page: Page): Promise<number> {
  await page.goto(`http://127.0.0.1:${port}/`);
  await page
    .locator('article.card')
    .nth(Number(values.streams) - 1)
    .waitFor();
  return page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime");
}

async function untilNodeAnswers(): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    await wait(200);
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/status`).catch(() => undefined);
    if (answer?.ok) return;
  }
  throw new Error(`nothing answers on port ${port}`);
}

async function measure(page: Page): Promise<void> {
  await page.addInitScript(OBSERVE);
  const paints: number[] = [];
  for (let load = 0; load < 5; load++) paints.push(await firstPaintMs(page));
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await wait(WARM_UP_S * 1000);
  const heaps = [await heapBytes(session)];
  for (let sample = 0; sample < SAMPLES; sample++) {
    await wait((seconds * 1000) / SAMPLES);
    heaps.push(await heapBytes(session));
  }
  const shift = await page.evaluate<number>('window.shift');
  const nodes = await page.evaluate<number>("document.querySelectorAll('*').length");
  paints.sort((a, b) => a - b);
  const row = (name: string, value: string) => console.log(`| ${name.padEnd(38)} | ${value} |`);
  row(`${values.streams} streams, ${seconds} s`, 'figure');
  row('---', '---');
  row('first paint, median and worst of 5 (ms)', `${paints[2]!.toFixed(0)}, ${paints[4]!.toFixed(0)}`);
  row('layout shift', shift.toFixed(4));
  row('elements', String(nodes));
  row('script memory over time (MB)', heaps.map((bytes) => (bytes / 1e6).toFixed(2)).join(' '));
}

const folder = mkdtempSync(join(tmpdir(), 'distream-pages-'));
const file = join(folder, 'pages.yaml');
const streams = Array.from(
  { length: Number(values.streams) },
  (_, index) =>
    `  s${index}:\n    input: { type: file, path: ${JSON.stringify(join(root, 'assets/demo'))} }\n` +
    `    outputs: [{ type: icecast, mount: /s${index}.mp3 }]\n`,
);
writeFileSync(file, `http: { host: 127.0.0.1, port: ${port} }\nstreams:\n${streams.join('')}`);
const node = spawn(process.execPath, [join(root, 'bin/distream.js'), 'run', file, '--log-level', 'warn'], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
try {
  await untilNodeAnswers();
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    await measure(await browser.newPage());
  } finally {
    await browser.close();
  }
} finally {
  node.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
