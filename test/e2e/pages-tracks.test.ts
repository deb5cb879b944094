import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../support/seeded-random.ts';
import { plainFmt, wavChunk, wavFile } from '../support/wav.ts';
import { describeWith } from './support/binaries.ts';
import { complaintsOf, openBrowser, violations } from './support/browser.ts';
import { type Child, until } from './support/child.ts';
import { get } from './support/distream.ts';
import { type LossyRelay, lossyRelay } from './support/lossy-relay.ts';
import { freePort, udpPorts } from './support/ports.ts';
import { newFolder, onlyTake, startIn } from './support/recording.ts';

/** Where pictures of the page go, when they are wanted. */
const PICTURES = process.env.DISTREAM_PICTURES;
const RATE = 48_000;
const SECONDS = 30;
const TIMEOUT_MS = 180_000;
const FROM = '127.0.0.16';
const TO = '127.0.0.17';

/** A track by its samples, -1 to 1, for each channel of a frame. */
function writeTrack(path: string, channels: number, sample: (frame: number, channel: number) => number): void {
  const pcm = Buffer.alloc(RATE * SECONDS * channels * 3);
  for (let frame = 0, at = 0; frame < RATE * SECONDS; frame++) {
    for (let channel = 0; channel < channels; channel++, at += 3) {
      pcm.writeIntLE(Math.round(Math.max(-1, Math.min(1, sample(frame, channel))) * 8_388_607), at, 3);
    }
  }
  const format = plainFmt({ rate: RATE, channels, bits: 24 });
  writeFileSync(path, wavFile([wavChunk('fmt ', format), wavChunk('data', pcm)]));
}

const tone = (frame: number, hertz: number) => Math.sin((2 * Math.PI * hertz * frame) / RATE);
/** Beats of half a second that fade away. */
const beat = (frame: number) => tone(frame, 90) * 0.8 * Math.exp(-((frame % (RATE / 2)) / RATE) * 12);

describeWith(['chromium'], 'the tracks page, with a take over a network that loses packets', () => {
  const folder = newFolder();
  let browser: Browser;
  let relay: LossyRelay;
  let sender: Child;
  let recorder: Child;
  let url: string;

  beforeAll(async () => {
    browser = await openBrowser();
    writeTrack(join(folder, 'Drums.wav'), 1, beat);
    writeTrack(join(folder, 'Piano.wav'), 2, (frame, channel) => tone(frame, 440) * (channel === 0 ? 0.5 : 0.05));
    writeTrack(join(folder, 'Voice.wav'), 1, (frame) => tone(frame, 220) * 1.5);
    const firstPort = udpPorts(3);
    const random = seededRandom(7);
    // Of the first flow an outage that is longer than the buffer, of the second one packet in thirty; the third is whole.
    const loses = (port: number, index: number) =>
      (port === 0 && index >= 3000 && index < 4200) || (port === 2 && random() < 0.03);
    relay = await lossyRelay({ from: FROM, to: TO, firstPort, ports: 6, loses });
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const startAt = new Date(Date.now() + 9000).toISOString().slice(0, 23);
    const to = ['--to', FROM, '--port', String(firstPort), '--no-sap', '--sdp', 'sdp', '--start', startAt];
    const files = ['Drums.wav', 'Piano.wav', 'Voice.wav'];
    sender = startIn(folder, 'send', ...files, ...to);
    const sdp = await until('the description', () => {
      const text = readFileSync(join(folder, 'sdp', 'session.sdp'), 'latin1');
      return text.endsWith('\r\n') ? text : undefined;
    });
    writeFileSync(join(folder, 'there.sdp'), sdp.replaceAll(FROM, TO));
    recorder = startIn(folder, 'record', 'there.sdp', '--dir', 'takes', '--buffer', '300ms', '--page', String(port));
    await until('the recorder', () => recorder.errors().includes('Listening for "'));
  });

  afterAll(async () => {
    await browser?.close();
    await sender?.stop();
    await recorder?.stop();
    relay?.close();
  });

  const isTooWide = (page: Page) => page.evaluate('document.documentElement.scrollWidth > innerWidth');
  const levelOf = (page: Page, name: string) => page.getByRole('meter', { name: `Level of ${name}` });

  /** Waits until a meter has shown so many different levels. */
  async function expectMoving(page: Page, name: string, levels: number): Promise<void> {
    const seen = new Set<string | null>();
    await expect
      .poll(async () => seen.add(await levelOf(page, name).getAttribute('aria-valuenow')).size, { timeout: 15_000 })
      .toBeGreaterThan(levels);
  }

  const contexts: BrowserContext[] = [];
  async function openPage(address: string, options: Parameters<Browser['newContext']>[0]) {
    const context = await browser.newContext(options);
    contexts.push(context);
    const page = await context.newPage();
    const complaints = complaintsOf(page, [new URL(address).host]);
    await page.goto(`${address}/tracks`);
    return { page, complaints };
  }

  it('shows the take live, then its proof and its files', { timeout: TIMEOUT_MS }, async () => {
    const wide = await openPage(url, { colorScheme: 'dark', viewport: { width: 1920, height: 1080 } });
    const phone = await openPage(url, {
      colorScheme: 'light',
      viewport: { width: 390, height: 844 },
      reducedMotion: 'reduce',
    });
    const { page } = wide;
    await page.getByText('records', { exact: true }).waitFor({ timeout: 20_000 });

    // Meters: the beat moves, the tone stands, what is too loud is marked.
    await expectMoving(page, 'Drums', 4);
    expect(await levelOf(page, 'Piano').getAttribute('aria-valuenow')).toMatch(/^-[67]$/);
    await page.getByRole('button', { name: 'Voice: CLIP, highest peak 0.0 dBFS' }).waitFor();
    const painted = await page.evaluate<number>(`(() => {
      const canvas = document.querySelector('.meter canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    })()`);
    expect(painted).toBeGreaterThan(2);
    expect(await metersPerSecond(url)).toBeGreaterThan(15);
    await expectMoving(phone.page, 'Drums', 4);

    // The map of losses: an outage that came back too late, packets that were had again, and a track that is whole.
    const strip = (name: string) => page.locator('[data-session=record] .loss-row', { hasText: name });
    await page.locator('[data-session=record] .loss-row:not([data-lost="0"])', { hasText: 'Drums' }).waitFor();
    await expect
      .poll(async () => Number(await strip('Piano').getAttribute('data-repaired')), { timeout: 10_000 })
      .toBeGreaterThan(0);
    expect(await strip('Voice').getAttribute('data-lost')).toBe('0');
    expect(await strip('Voice').getAttribute('data-repaired')).toBe('0');
    await page.getByRole('img', { name: /^Distance between packets/ }).waitFor();

    for (const { page: each } of [wide, phone]) {
      expect(await violations(each)).toEqual([]);
      expect(await isTooWide(each)).toBe(false);
    }
    await picture(page, 'tracks-1920-dark');

    // The proof.
    expect(await sender.exited, sender.errors()).toBe(0);
    await page.locator('.take[data-identical=true]').waitFor({ timeout: 40_000 });
    await expect.poll(() => page.locator('.take-track[data-verdict=identical]').count(), { timeout: 10_000 }).toBe(3);
    await page.locator('[data-session=record]').getByText('ended', { exact: true }).first().waitFor();
    const { path, account } = onlyTake(folder);
    expect(account!.verdict.isIdentical).toBe(true);
    const mended = page.locator('.take-track', { hasText: 'Drums' }).locator('.loss-row');
    expect([await mended.getAttribute('data-lost'), await mended.getAttribute('data-repaired')]).toEqual(['0', '1']);

    // The files.
    for (const name of ['Drums', 'Piano']) {
      const waiting = page.waitForEvent('download');
      await page
        .locator('.take-track', { hasText: name })
        .getByRole('link', { name: /^Download/ })
        .click();
      const saved = await (await waiting).path();
      expect(readFileSync(saved).equals(readFileSync(join(path, `${name}.wav`)))).toBe(true);
    }
    for (const { page: each } of [wide, phone]) {
      await each.locator('.take-track').first().waitFor();
      expect(await violations(each)).toEqual([]);
      expect(await isTooWide(each)).toBe(false);
    }
    await picture(phone.page, 'tracks-390-light');
    const report = await page.request.get(`${url}/api/v1/takes/${path.split('/').at(-1)}/take.html`);
    expect(await report.text()).toContain('identical');
    const name = path.split('/').at(-1)!;
    for (const file of ['..%2f..%2fDrums.wav', '..', '%2e%2e', 'take.json.tmp', 'send.json']) {
      await expect(get(`${url}/api/v1/takes/${name}/${file}`)).rejects.toThrow(/: 40\d /);
    }
    expect([wide.complaints, phone.complaints]).toEqual([[], []]);

    expect(await recorder.stop('SIGINT'), recorder.errors()).toBe(0);
  });

  it('shows a session while it is sent', { timeout: TIMEOUT_MS }, async () => {
    const folder2 = newFolder();
    writeTrack(join(folder2, 'Drums.wav'), 1, beat);
    const port = await freePort();
    const second = startIn(
      folder2,
      ...['send', 'Drums.wav', '--to', '127.0.0.1', '--port', String(udpPorts(1)), '--no-sap', '--repair-for', '1s'],
      ...['--page', String(port)],
    );
    await until('its page', () => second.errors().includes('Look at it at'));
    const { page, complaints } = await openPage(`http://127.0.0.1:${port}`, { viewport: { width: 390, height: 844 } });
    await page.getByText('sends', { exact: true }).waitFor({ timeout: 20_000 });
    await expectMoving(page, 'Drums', 4);
    await page.locator('[data-session=send] .loss-row', { hasText: 'Drums' }).waitFor();
    await page.getByText('Left after its time').waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await isTooWide(page)).toBe(false);
    expect(complaints).toEqual([]);
    await second.stop('SIGINT');
  });

  async function picture(page: Page, name: string): Promise<void> {
    if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`) });
  }
});

/** Events `meters` of a second, measured over two. */
function metersPerSecond(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    const request = http.get(`${url}/api/v1/tracks/events`, { agent: false }, (response) => {
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('error', () => {});
      setTimeout(() => {
        request.destroy();
        resolve((text.match(/^event: meters$/gm)?.length ?? 0) / 2);
      }, 2000);
    });
    request.on('error', reject);
  });
}
