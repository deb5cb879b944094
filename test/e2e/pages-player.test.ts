import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from './support/binaries.ts';
import { cuttableLine, openBrowser } from './support/browser.ts';
import { type Child, run, start } from './support/child.ts';
import { type DistreamProcess, restartDistream, startDistream } from './support/distream.ts';
import {
  compareSound,
  heardSamples,
  lowestStored,
  makeNoise,
  samplesOf,
  tapSound,
  withoutPauses,
} from './support/heard.ts';

const SECONDS = 180;

const FORMATS = [
  { name: 'mp3', encode: ['-c:a', 'libmp3lame', '-b:a', '128k'], container: 'mp3', type: 'audio/mpeg' },
  { name: 'aac', encode: ['-c:a', 'aac', '-b:a', '128k'], container: 'adts', type: 'audio/aac' },
  { name: 'opus', encode: ['-c:a', 'libopus', '-b:a', '96k'], container: 'ogg', type: 'application/ogg' },
  { name: 'vorbis', encode: ['-c:a', 'libvorbis', '-q:a', '4'], container: 'ogg', type: 'application/ogg' },
] as const;

/**
 * A station that goes on, a line that can be cut, and the node that people listen to:
 * encoder -> station -> line -> node -> player.
 */
describeWith(['ffmpeg', 'chromium'], 'the player in Chromium, by what is heard', () => {
  const encoders: Child[] = [];
  let browser: Browser;
  let station: DistreamProcess;
  let node: DistreamProcess;
  let line: Awaited<ReturnType<typeof cuttableLine>>;
  const sources = new Map<string, Float32Array>();

  beforeAll(async () => {
    const noise = await makeNoise(SECONDS);
    const folder = mkdtempSync(join(tmpdir(), 'distream-heard-'));
    station = await startDistream(
      FORMATS.map(
        ({ name }) => `
  ${name}:
    input: { type: source, mount: /in-${name}, password: e2e-secret }
    reserve: 5s
    outputs: [{ type: icecast, mount: /${name}, burst: 20s }]`,
      ).join(''),
    );
    line = await cuttableLine(station.port);
    for (const { name, encode, container } of FORMATS) {
      const file = join(folder, name);
      await run('ffmpeg', ['-v', 'error', '-i', noise, ...encode, '-f', container, file]);
      sources.set(name, await samplesOf(file));
    }
    for (const { name, container, type } of FORMATS) {
      const file = join(folder, name);
      const url = `icecast://source:e2e-secret@127.0.0.1:${station.port}/in-${name}`;
      const input = ['-re', '-f', container === 'adts' ? 'aac' : container, '-i', file];
      const output = ['-c', 'copy', '-content_type', type, '-f', container, url];
      encoders.push(start('ffmpeg', ['-v', 'error', ...input, ...output]));
    }
    node = await startDistream(
      FORMATS.map(
        ({ name }) => `
  ${name}:
    input: { type: icecast, url: "http://127.0.0.1:${line.port}/${name}" }
    reserve: 3s
    outputs: [{ type: icecast, mount: /${name}, burst: 10s }]`,
      ).join(''),
    );
    browser = await openBrowser();
  }, 400_000);

  afterAll(async () => {
    await browser?.close();
    line?.close();
    for (const encoder of encoders) await encoder.stop();
    await node?.stop();
    await station?.stop();
  });

  /** Opens the player of a stream and gives the page once it plays. */
  async function listen(name: string): Promise<Page> {
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await tapSound(page);
    await page.goto(`${node.url}/listen/${name}`);
    await page.locator('.play:enabled').click();
    await page.getByText('Playing').waitFor({ timeout: 20_000 });
    await page.waitForTimeout(1500);
    return page;
  }

  /** What was heard up to now, and how little was stored. */
  async function heardOf(page: Page) {
    const lowest = await lowestStored(page);
    const samples = await heardSamples(page);
    await page.context().close();
    return { lowest, samples };
  }

  /** What was heard, against what was sent. */
  function check(name: string, { lowest, samples }: { lowest: number; samples: Float32Array }): void {
    const { heard, pauseSeconds } = withoutPauses(samples);
    const { breaks, seconds } = compareSound(sources.get(name)!, heard);
    expect([name, breaks]).toEqual([name, []]);
    expect(seconds).toBeGreaterThan(4);
    // The player always had sound; a browser that is short of time may hold it back for a moment.
    expect(lowest).toBeGreaterThan(0.3);
    expect(pauseSeconds).toBeLessThan(0.5);
  }

  it.each(FORMATS)('$name: every sample over an outage that the reserve bridges', async ({ name }) => {
    const page = await listen(name);
    line.cut();
    await page.waitForTimeout(6000);
    check(name, await heardOf(page));
  });

  it('goes on at the very next packet when the node is started anew', async () => {
    const pages = await Promise.all(FORMATS.map(({ name }) => listen(name)));
    await node.stop();
    node = await restartDistream(node);
    await pages[0]!.waitForTimeout(8000);
    const heard = await Promise.all(pages.map(heardOf));
    for (const [index, { name }] of FORMATS.entries()) check(name, heard[index]!);
  }, 200_000);
});
