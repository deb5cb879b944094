import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { EVERY_PATH, makeTicket } from '../../src/protocols/swarm/ticket.ts';
import type { NativeDownloadOptions } from '../../src/swarm/native/native-download.ts';
import type { NativeServer } from '../../src/swarm/native/native-server.ts';
import type { DownloadProgress } from '../../src/swarm/peer/download.ts';
import { PoisonCarrier } from './support/altered-carrier.ts';
import { until } from './support/child.ts';
import { liveFrame, liveNumbers } from './support/live-source.ts';
import { fetchFrom, startNativeServer } from './support/native-swarm.ts';

const FRAME_BYTES = 384;
const FRAMES_A_PART = 20;
const PART_MS = 480;
const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server whose stream has numbered frames, 128 kbit/s, in parts of half a second. */
async function onAir(ticketKey?: string) {
  const server = await startNativeServer({ fileRoot: undefined, uploadLimit: 60_000 });
  closing.push(() => server.close());
  const published = server.live.publish('/radio', ticketKey);
  let number = 0;
  const frameOffsets = Array.from({ length: FRAMES_A_PART }, (_, at) => at * FRAME_BYTES);
  const part = () => {
    const data = Buffer.concat(frameOffsets.map(() => liveFrame(number++)));
    published.append({ data, durationMs: PART_MS, frameOffsets });
  };
  for (let at = 0; at < 8; at++) part();
  const timer = setInterval(part, PART_MS);
  closing.push(() => clearInterval(timer));
  return { server, published };
}

function listen(server: NativeServer, extra: Partial<NativeDownloadOptions> = {}, ticket?: Buffer) {
  const stop = new AbortController();
  const sink = new PassThrough();
  const heard: Buffer[] = [];
  sink.on('data', (bytes: Buffer) => heard.push(bytes));
  let shareFromPeers = 0;
  const choice = { path: '/dev/null', uploadLimit: 60_000, sink, isKept: false, signal: stop.signal };
  const onProgress = (progress: DownloadProgress) => {
    shareFromPeers = progress.shareFromPeers;
  };
  const ended = fetchFrom(server, { path: '/radio', ticket }, { ...choice, onProgress, ...extra }).catch(
    (error: Error & { code?: string }) => error.code ?? error.name,
  );
  const end = async () => {
    stop.abort();
    await ended;
  };
  closing.push(end);
  return { ended, end, numbers: () => liveNumbers(Buffer.concat(heard)), share: () => shareFromPeers };
}

function isUnbroken(numbers: readonly number[]): boolean {
  return numbers.every((number, at) => at === 0 || number === numbers[at - 1]! + 1);
}

describe('a live stream of the native dialect', () => {
  it('reaches all listeners unbroken, carried by peers, while one leaves and one passes on wrong bytes', async () => {
    const { server, published } = await onAir();
    const poison = new PoisonCarrier();
    const poisoner = listen(server, { carrier: poison });
    const leaver = listen(server);
    const honest = [listen(server)];
    for (let at = 0; at < 4; at++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      honest.push(listen(server));
    }
    await until('sound', () => honest.every(({ numbers }) => numbers().length > 100));
    expect(published.listeners).toBe(7);
    await leaver.end();
    const from = honest.map(({ numbers }) => numbers().length);
    await until('more', () => honest.every(({ numbers }, at) => numbers().length > from[at]! + 300));
    // from 5 s after the join on
    for (const { numbers } of [...honest, poisoner]) expect(isUnbroken(numbers().slice(200))).toBe(true);
    expect(Math.max(...honest.map(({ share }) => share()))).toBeGreaterThan(0.2);
    // at most one chunk for each of the few takers that an unknown giver may have, and for each sub-stream
    expect(poison.poisoned).toBeLessThanOrEqual(24);
  }, 90_000);

  it('goes on with a stream that begins anew, and ends with it', async () => {
    const { server, published } = await onAir();
    const listener = listen(server);
    await until('sound', () => listener.numbers().length > 20);
    // as at another bitrate: leases are made anew
    for (let at = 0; at < 20; at++) published.append({ data: liveFrame(at), durationMs: PART_MS, frameOffsets: [0] });
    const before = listener.numbers().length;
    await until('sound of the new stream', () => listener.numbers().length > before + 40);
    published.close();
    expect(await listener.ended).toBeUndefined();
  }, 60_000);

  it('lets only those in who have a ticket', async () => {
    const key = 'the key of the tickets';
    const { server } = await onAir(key);
    const soon = Math.floor(systemClock.utcMs() / 1000) + 60;
    expect(await listen(server).ended).toBe('REFUSED');
    const wrong = [
      makeTicket({ path: '/radio', expiresUtcSeconds: soon }, 'another key'),
      makeTicket({ path: '/other', expiresUtcSeconds: soon }, key),
      makeTicket({ path: '/radio', expiresUtcSeconds: soon - 120 }, key),
    ];
    for (const ticket of wrong) expect(await listen(server, {}, ticket).ended).toBe('REFUSED');
    for (const path of ['/radio', EVERY_PATH]) {
      const guest = listen(server, {}, makeTicket({ path, expiresUtcSeconds: soon }, key));
      await until('sound', () => guest.numbers().length > 0);
    }
  }, 60_000);
});
