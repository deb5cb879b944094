import { readdirSync, readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { freeLoopbackPort } from '../../src/demo/addresses.ts';
import type { DemoStatus } from '../../src/demo/demo-watch.ts';
import { runDemo } from '../../src/demo/run.ts';

/** The first outage of this seed comes after 20.0 s, lasts 3.7 s and kills the connections. */
const SEED = 910;
const MUSIC = fileURLToPath(new URL('../../assets/demo/', import.meta.url));

/** The frames of the bundled pieces in the order in which they are played, without their tags. */
function music(): Buffer {
  const files = readdirSync(MUSIC)
    .filter((name) => name.endsWith('.mp3'))
    .sort();
  return Buffer.concat(
    files.map((name) => {
      const file = readFileSync(MUSIC + name);
      return file.subarray(10 + ((file[8]! << 7) | file[9]!));
    }),
  );
}

function open(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, resolve).on('error', reject));
}

it('plays the bundled music without a gap while its line fails', async () => {
  const port = await freeLoopbackPort();
  const stop = new AbortController();
  const printed: string[] = [];
  const print = (line: string) => printed.push(line);
  const demo = runDemo({ port, seed: SEED, clock: systemClock, log: silentLogger, signal: stop.signal, print });
  try {
    await expect.poll(() => printed.join('\n'), { timeout: 5_000 }).toContain(`http://localhost:${port}/demo.mp3`);
    const status = async () => (await (await fetch(`http://localhost:${port}/api/v1/demo`)).json()) as DemoStatus;
    await expect.poll(async () => (await status()).reserveSeconds, { timeout: 5_000 }).toBeGreaterThan(20);

    const heard: Buffer[] = [];
    const stream = await open(`http://localhost:${port}/demo.mp3`);
    expect(stream.headers['content-type']).toBe('audio/mpeg');
    stream.on('data', (bytes: Buffer) => heard.push(bytes));
    stream.on('error', () => {});

    await expect
      .poll(() => printed.join('\n'), { timeout: 40_000 })
      .toContain('the line is back after 3.7 s; nothing was lost');
    const bytesAtReturn = Buffer.concat(heard).length;
    await expect.poll(() => Buffer.concat(heard).length, { timeout: 10_000 }).toBeGreaterThan(bytesAtReturn + 48_000);
    expect(await status()).toMatchObject({ line: { state: 'up', outages: 1 }, gapsHeard: 0 });
    expect((await status()).directLostSeconds).toBeGreaterThan(2);

    const round = music();
    expect(Buffer.concat([round, round, round]).indexOf(Buffer.concat(heard))).toBeGreaterThanOrEqual(0);
  } finally {
    stop.abort();
    await demo;
  }
});
