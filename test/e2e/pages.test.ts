import { readFileSync } from 'node:fs';
import http from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CODECS, makeAudio } from './support/audio.ts';
import { describeWith } from './support/binaries.ts';
import { complaintsOf, cuttableLine, openBrowser, violations } from './support/browser.ts';
import { type Child, start } from './support/child.ts';
import { type DistreamProcess, get, startDistream } from './support/distream.ts';
import { freePort } from './support/ports.ts';

const PASSWORD = 'e2e-administrator';
/** What a source may send as a title. */
const HOSTILE = `<img src=x onerror="document.title='owned'">\u202e${'long '.repeat(1000)}`;

/** Keeps every byte that the page gives to a decoder. */
const KEEP_BYTES = `
  window.given = [];
  const append = SourceBuffer.prototype.appendBuffer;
  SourceBuffer.prototype.appendBuffer = function (data) {
    window.given.push(new Uint8Array(data).slice());
    return append.call(this, data);
  };`;

describeWith(['ffmpeg', 'chromium'], 'the pages, in Chromium', () => {
  let node: DistreamProcess;
  let browser: Browser;
  let file: string;
  let source: Child;

  beforeAll(async () => {
    file = await makeAudio(CODECS[0]!, 240);
    node = await startDistream(
      `
  one:
    input: { type: source, mount: /in, password: e2e-secret }
    outputs: [{ type: icecast, mount: /live, tick: 100ms }]
  idle:
    input: { type: source, mount: /idle-in, password: e2e-secret }
    outputs: [{ type: icecast, mount: /idle }]
admin: { password: ${PASSWORD} }`,
    );
    const url = `icecast://source:e2e-secret@127.0.0.1:${node.port}/in`;
    source = start('ffmpeg', [
      '-v',
      'error',
      '-re',
      '-i',
      file,
      '-c',
      'copy',
      '-content_type',
      'audio/mpeg',
      '-f',
      'mp3',
      url,
    ]);
    await node.stream(({ state, buffer }) => state === 'live' && buffer.heldSeconds > 3);
    const title = encodeURIComponent(HOSTILE.slice(0, 1500));
    await get(`${node.url}/admin/metadata?mount=/in&mode=updinfo&song=${title}&pass=e2e-secret`, {
      authorization: `Basic ${Buffer.from('source:e2e-secret').toString('base64')}`,
    });
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await source?.stop();
    await node?.stop();
  });

  async function withPage(
    use: (page: Page, complaints: string[], context: BrowserContext) => Promise<void>,
    options: Parameters<Browser['newContext']>[0] = {},
    hosts: readonly string[] = [],
  ): Promise<void> {
    const context = await browser.newContext(options);
    try {
      const page = await context.newPage();
      const complaints = complaintsOf(page, [`127.0.0.1:${node.port}`, ...hosts]);
      await use(page, complaints, context);
      expect(complaints).toEqual([]);
    } finally {
      await context.close();
    }
  }

  it.each([
    ['light', 390],
    ['dark', 1920],
  ] as const)('are complete, harmless and accessible: %s, %i px', async (colorScheme, width) => {
    await withPage(
      async (page, complaints) => {
        for (const [path, sign] of [
          ['/', 'article.card'],
          ['/streams/one', '.sound-path'],
          ['/streams/nothing', 'h1'],
          ['/listen/one', '.listen-panel .play'],
          ['/tracks', 'h1'],
          ['/swarm', 'h1'],
          ['/sign-in', 'input[type=password]'],
          ['/steer', 'h1'],
        ] as const) {
          await page.goto(node.url + path);
          await page.locator(sign).first().waitFor({ timeout: 5000 });
          await page.waitForTimeout(400);
          expect([path, await violations(page)]).toEqual([path, []]);
          expect([path, await page.title()]).toEqual([path, expect.not.stringContaining('owned')]);
          const isWider = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
          expect([path, isWider]).toEqual([path, false]);
          expect([path, complaints]).toEqual([path, []]);
        }
      },
      { colorScheme, viewport: { width, height: 844 } },
    );
  });

  it('show a hostile title as text', async () => {
    await withPage(async (page) => {
      await page.goto(node.url);
      const title = page.locator('article', { hasText: 'one' }).first().locator('.title');
      await expect.poll(() => title.textContent()).toContain('<img src=x onerror=');
      expect((await title.textContent())!.length).toBeLessThanOrEqual(300);
      expect(await page.locator('img[src="x"]').count()).toBe(0);
    });
  });

  it('play, and go on at the very next byte when the line is cut', async () => {
    const line = await cuttableLine(node.port);
    await withPage(
      async (page, complaints) => {
        await page.addInitScript(KEEP_BYTES);
        await page.goto(`http://127.0.0.1:${line.port}/listen/one`);
        await page.locator('.play:enabled').click();
        await page.getByText('Playing').waitFor({ timeout: 8000 });
        for (const count of [1, 2, 3]) {
          line.cut();
          await page
            .getByText(`${count} reconnect${count > 1 ? 's' : ''} without a missing byte`)
            .waitFor({ timeout: 8000 });
          await page.waitForTimeout(700);
        }
        expect(await page.locator('.listen-phase').textContent()).toBe('Playing');
        const given = Buffer.from(
          await page.evaluate<number[]>('[...new Uint8Array(window.given.flatMap((part) => [...part]))]'),
        );
        expect(given.length).toBeGreaterThan(60_000);
        expect(readFileSync(file).indexOf(given)).toBeGreaterThanOrEqual(0);
        // The browser names what was being asked for when the line was cut.
        complaints.splice(0, Infinity, ...complaints.filter((complaint) => !complaint.includes('net::ERR_')));
      },
      {},
      [`127.0.0.1:${line.port}`],
    ).finally(() => line.close());
  });

  it('sign in, steer, and refuse without rights', async () => {
    await withPage(async (page) => {
      await page.goto(`${node.url}/steer`);
      await page.getByText('Steering is for the administrator').waitFor();
      expect((await page.request.post(`${node.url}/api/v1/streams/one/title`, { data: { title: 'x' } })).status()).toBe(
        401,
      );
      await page.goto(`${node.url}/sign-in`);
      await page.locator('input[type=password]').fill('wrong');
      await page.locator('button[type=submit]').click();
      await page.getByText('That is not the password.').waitFor();
      await page.locator('input[type=password]').fill(PASSWORD);
      await page.locator('button[type=submit]').click();
      await page.getByRole('link', { name: 'Steer' }).click();
      const panel = page.getByRole('region', { name: 'one', exact: true });
      await panel.locator('input[type=text]').fill('Set by hand');
      await panel.getByRole('button', { name: 'Show this title' }).click();
      await panel.getByText('Title: done.').waitFor();
      await page.getByRole('button', { name: 'Restart: idle, output 1' }).click();
      await page.getByRole('button', { name: 'Yes, do it' }).click();
      await page.getByText('Restart: done.').waitFor();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('Steering is for the administrator').waitFor();
    });
  });

  it('work behind a proxy that shows the node under a path', async () => {
    const proxyPort = await freePort();
    const proxy = http.createServer((request, response) => {
      if (!request.url!.startsWith('/radio/')) return void response.writeHead(404).end();
      const path = request.url!.slice('/radio'.length);
      const onward = http.request({ port: node.port, host: '127.0.0.1', path, method: request.method }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => proxy.listen(proxyPort, '127.0.0.1', resolve));
    await withPage(
      async (page) => {
        await page.goto(`http://127.0.0.1:${proxyPort}/radio/`);
        await page.locator('article a', { hasText: 'one' }).click();
        await page.locator('.sound-path').waitFor();
        expect(page.url()).toBe(`http://127.0.0.1:${proxyPort}/radio/streams/one`);
        await page.reload();
        await page.locator('.play').first().click();
        await page.getByText('Playing').waitFor({ timeout: 8000 });
      },
      {},
      [`127.0.0.1:${proxyPort}`],
    ).finally(() => proxy.close());
  });

  it('are small: at most 90 KB of JavaScript on the wall', async () => {
    await withPage(async (page) => {
      let bytes = 0;
      page.on('response', async (response) => {
        if (response.headers()['content-type']?.includes('javascript')) bytes += gzipSync(await response.body()).length;
      });
      await page.goto(node.url);
      await page.locator('article.card').first().waitFor();
      await page.waitForTimeout(500);
      expect(bytes).toBeGreaterThan(5_000);
      expect(bytes).toBeLessThan(90_000);
    });
  });

  it('are a table with the addresses without scripts', async () => {
    await withPage(
      async (page) => {
        await page.goto(node.url);
        expect(await page.locator('table tbody tr').count()).toBe(2);
        expect(await page.locator('a', { hasText: '/live' }).first().getAttribute('href')).toBe('./live');
      },
      { javaScriptEnabled: false },
    );
  });

  it('say since when the node does not answer, and go on when it does', async () => {
    const line = await cuttableLine(node.port);
    await withPage(
      async (page, complaints) => {
        await page.goto(`http://127.0.0.1:${line.port}/`);
        await page.locator('article.card').first().waitFor();
        line.close();
        await page.getByText('No answer from the node since').waitFor({ timeout: 8000 });
        complaints.length = 0;
      },
      {},
      [`127.0.0.1:${line.port}`],
    );
  });
});
