import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { type RunningNode, startNode } from '../../src/node/node.ts';
import type { SwarmView } from '../../src/swarm/view/swarm-view.ts';
import { describeWith } from './support/binaries.ts';
import { complaintsOf, openBrowser, violations } from './support/browser.ts';
import { type Child, start, until } from './support/child.ts';
import { get } from './support/distream.ts';
import { FedSwarm } from './support/fed-swarm.ts';
import { freePort } from './support/ports.ts';

const BIN = fileURLToPath(new URL('../../bin/distream.js', import.meta.url));
const PEERS = 5;
const FILE = 'concert.bin';
const FILE_BYTES = 12_000_000;
/** Counts how often the picture was drawn. */
const COUNT_DRAWINGS = `
  window.drawings = 0;
  const drawImage = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...args) {
    window.drawings++;
    return drawImage.apply(this, args);
  };`;

/** Pixels of the picture that are not empty. */
function inked(page: Page): Promise<number> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector('.swarm-mesh canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 0) count++;
    return count;
  })()`);
}

describeWith(['chromium'], 'the page of a swarm, in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  it('shows five programs that fetch from a real server: picture, share, files; no address', async () => {
    const root = mkdtempSync(join(tmpdir(), 'distream-e2e-swarm-page-'));
    writeFileSync(join(root, FILE), randomBytes(FILE_BYTES));
    // The pages are at the port above.
    const port = await freePort();
    const nativePort = await freePort();
    const children: Child[] = [];
    const run = (...args: string[]) => {
      const child = start(process.execPath, [BIN, ...args], { cwd: root });
      children.push(child);
      return child;
    };
    const options = ['--host', '127.0.0.1', '--port', port, '--native-port', nativePort, '--upload-limit', '8M'];
    const server = run('serve', root, ...options.map(String), '--give-port', String(await freePort()));
    const url = `http://127.0.0.1:${port + 1}`;
    const read = async () => JSON.parse((await get(`${url}/api/v1/swarm`)).toString()) as SwarmView;
    await until('the page', read).catch((error: Error) => {
      throw new Error(`${error.message}: ${server.errors()}`);
    });
    const key = /#key=([\w-]+)/.exec(server.errors())?.[1];
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const complaints = complaintsOf(page, [`127.0.0.1:${port + 1}`]);
    await page.addInitScript(COUNT_DRAWINGS);
    await page.goto(url);
    const canvas = page.locator('.swarm-mesh canvas');
    await expect.poll(() => canvas.getAttribute('aria-label'), { timeout: 10_000 }).toContain('0 peers');
    const empty = await inked(page);

    const gets: Child[] = [];
    for (let index = 0; index < PEERS; index++) {
      const give = ['--give-port', String(await freePort()), '--upload-limit', '8M', '--stay', '30'];
      const address = `pdtps://127.0.0.1:${nativePort}/${FILE}#key=${key}`;
      gets.push(run('get', address, '-o', join(root, `peer${index}`), ...give));
    }
    await expect.poll(() => canvas.getAttribute('aria-label'), { timeout: 20_000 }).toContain(`${PEERS} peers`);
    const row = page.locator('.swarm-files tbody tr');
    await expect.poll(() => row.textContent(), { timeout: 10_000 }).toContain(FILE);
    await expect.poll(() => row.locator('.progress').textContent(), { timeout: 20_000 }).toMatch(/^[1-9]\d? %$/);
    const before = await row.locator('.progress').textContent();
    await expect.poll(() => row.locator('.progress').textContent(), { timeout: 20_000 }).not.toBe(before);
    expect(await inked(page)).toBeGreaterThan(empty + 500);
    expect(await violations(page)).toEqual([]);

    const during = await get(`${url}/api/v1/swarm`);
    expect(during.toString()).not.toMatch(/127\.0\.0\.1|network/);
    expect((await get(`${url}/status/`)).toString()).toMatch(/concert\.bin<\/td>[\s\S]*<td class="n">5<\/td><\/tr>/);
    await until('all files', async () => (await read()).files['1']?.takers === 0, 60_000);
    const view = await read();
    expect(view.totals.bytesFromPeers + view.totals.bytesFromServer).toBe(PEERS * FILE_BYTES);
    expect(view.score.shareBound).toBe(0.8);
    expect(view.score.share).toBeGreaterThan(0.3);
    expect(view.counts).toMatchObject({ peers: PEERS, reachable: PEERS, convicted: 0, transfers: 0 });
    const share = `${Math.round(view.score.share! * 100)} %`;
    await expect.poll(() => page.locator('.swarm-share-number').textContent()).toBe(share);
    expect(Object.keys(view.flows)).toEqual([]);
    // Nothing moves any more: nothing is drawn.
    const drawnMeanwhile = async () => {
      const drawn = await page.evaluate<number>('window.drawings');
      await page.waitForTimeout(700);
      return (await page.evaluate<number>('window.drawings')) - drawn;
    };
    await expect.poll(drawnMeanwhile, { timeout: 20_000 }).toBe(0);
    for (const child of gets) child.process.kill('SIGTERM');
    await expect.poll(() => canvas.getAttribute('aria-label'), { timeout: 20_000 }).toContain('0 peers');
    expect(complaints).toEqual([]);
    await context.close();
    for (const child of children) await child.stop();
  });

  async function withCrowd(
    options: Parameters<Browser['newContext']>[0],
    use: (page: Page, fed: FedSwarm) => Promise<void>,
  ): Promise<void> {
    const fed = new FedSwarm(2000);
    const port = await freePort();
    const node: RunningNode = await startNode(nodeConfig(port), {
      clock: systemClock,
      log: silentLogger,
      swarm: { name: 'radio.example', sources: () => [fed] },
    });
    const context = await browser.newContext(options);
    try {
      const page = await context.newPage();
      const complaints = complaintsOf(page, [`127.0.0.1:${port}`]);
      await page.addInitScript(COUNT_DRAWINGS);
      await page.goto(`http://127.0.0.1:${port}/`);
      await expect
        .poll(() => page.locator('.swarm-mesh canvas').getAttribute('aria-label'), { timeout: 10_000 })
        .toContain('2000 peers');
      await use(page, fed);
      expect(complaints).toEqual([]);
    } finally {
      await context.close();
      await node.close();
    }
  }

  it.each([
    ['dark', 1920],
    ['light', 390],
  ] as const)('shows 2,000 peers and stays responsive: %s, %i px', async (colorScheme, width) => {
    await withCrowd({ colorScheme, viewport: { width, height: 844 } }, async (page, fed) => {
      const looks = fed.looks;
      const drawings = await page.evaluate<number>('window.drawings');
      await until('views', () => fed.looks >= looks + 3);
      // Between two views it is drawn again and again.
      expect(await page.evaluate<number>('window.drawings')).toBeGreaterThan(drawings + 12);
      expect(await inked(page)).toBeGreaterThan(5000);
      expect(await page.evaluate<number>('document.querySelectorAll("*").length')).toBeLessThan(700);
      expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false);
      expect(await violations(page)).toEqual([]);
    });
  });

  it('holds still where reduced motion is asked for', async () => {
    await withCrowd({ reducedMotion: 'reduce', viewport: { width: 800, height: 700 } }, async (page, fed) => {
      const looks = fed.looks;
      const drawings = await page.evaluate<number>('window.drawings');
      await until('views', () => fed.looks >= looks + 3);
      expect(await page.evaluate<number>('window.drawings')).toBeLessThan(drawings + 12);
      expect(await inked(page)).toBeGreaterThan(5000);
    });
  });
});

function nodeConfig(port: number): Parameters<typeof startNode>[0] {
  const folder = mkdtempSync(join(tmpdir(), 'distream-e2e-swarm-page-'));
  return {
    origin: 'a test',
    baseDir: folder,
    stateDir: folder,
    http: {
      host: '127.0.0.1',
      port,
      tls: undefined,
      aliases: new Map(),
      trustedProxies: [],
      deny: { addresses: [], agents: [] },
      limits: { connections: 100, connectionsPerAddress: 100, listenersPerAddress: 1 },
    },
    admin: { user: 'admin', password: '' },
    egressAllow: [],
    log: { level: 'info', file: undefined },
    streams: [],
    warnings: [],
  };
}
