import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { silentLogger } from '../core/logger.ts';
import type { Outage } from './outages.ts';
import { type LineEvent, UnstableLine } from './unstable-line.ts';

const SPARING: Outage = { upMs: 20_000, downMs: 5_000, killsConnections: false };
const KILLING: Outage = { upMs: 20_000, downMs: 5_000, killsConnections: true };

/** An echo server and a line to it. */
let echo: Server;
let clock: FakeClock;
let events: LineEvent[];
let line: UnstableLine;
let clients: Socket[];
let ends: Socket[];

async function open(schedule: readonly Outage[]): Promise<number> {
  const { port } = echo.address() as { port: number };
  line = new UnstableLine({
    target: { host: '127.0.0.1', port },
    schedule: schedule[Symbol.iterator](),
    clock,
    log: silentLogger,
    onChange: (event) => events.push(event),
  });
  return line.start();
}

function dial(port: number): Socket {
  const client = connect({ host: '127.0.0.1', port });
  client.on('error', () => {});
  clients.push(client);
  return client;
}

async function answer(client: Socket): Promise<string> {
  const [bytes] = (await once(client, 'data')) as [Buffer];
  return bytes.toString();
}

/** Lets bytes that can pass pass: an exchange on a connection of its own, several times round the event loop. */
async function roundTrips(): Promise<void> {
  const { port } = echo.address() as { port: number };
  const probe = dial(port);
  for (let round = 0; round < 20; round++) {
    probe.write('probe');
    await answer(probe);
  }
  probe.destroy();
}

beforeEach(async () => {
  clock = new FakeClock();
  events = [];
  clients = [];
  ends = [];
  echo = createServer((socket) => {
    ends.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  echo.listen({ host: '127.0.0.1', port: 0 });
  await once(echo, 'listening');
});

afterEach(() => {
  line.stop();
  for (const client of clients) client.destroy();
  echo.close();
  expect(clock.pendingCount).toBe(0);
});

describe('UnstableLine', () => {
  it('carries bytes both ways while it is up', async () => {
    const client = dial(await open([]));
    client.write('hello');
    expect(await answer(client)).toBe('hello');
    expect(line.report()).toEqual({ state: 'up', sinceMs: 0, outages: 0, totalDownMs: 0 });
  });

  it('passes nothing while black, and everything in order when it is back', async () => {
    const client = dial(await open([SPARING]));
    client.write('before ');
    expect(await answer(client)).toBe('before ');
    clock.advance(20_000);
    client.write('during');
    let heard = '';
    client.on('data', (bytes) => {
      heard += bytes;
    });
    await roundTrips();
    expect(heard).toBe('');
    expect(client.destroyed).toBe(false);
    clock.advance(5_000);
    await once(client, 'data');
    expect(heard).toBe('during');
    expect(events).toEqual([
      { state: 'down', plannedMs: 5_000 },
      { state: 'up', downMs: 5_000, killedConnections: 0 },
    ]);
  });

  it('answers a new connection only when it is back', async () => {
    const port = await open([KILLING]);
    clock.advance(20_000);
    const client = dial(port);
    client.write('hello');
    await once(client, 'connect');
    await roundTrips();
    expect(ends.length).toBe(1); // the probe alone
    clock.advance(5_000);
    expect(await answer(client)).toBe('hello');
  });

  it('kills the connections from before at the end of an outage that does so', async () => {
    const client = dial(await open([KILLING]));
    client.write('hello');
    await answer(client);
    clock.advance(20_000);
    await roundTrips();
    expect(client.destroyed).toBe(false);
    clock.advance(5_000);
    await once(client, 'close');
    expect(events.at(-1)).toEqual({ state: 'up', downMs: 5_000, killedConnections: 1 });
  });

  it('does not tell one side while black that the other is gone', async () => {
    const client = dial(await open([SPARING]));
    client.write('hello');
    await answer(client);
    const farEnd = ends[0]!;
    clock.advance(20_000);
    client.destroy();
    await roundTrips();
    expect(farEnd.readableEnded || farEnd.destroyed).toBe(false);
    clock.advance(5_000);
    await once(farEnd, 'close');
  });

  it('can be cut by hand, and a cut while black makes it longer', async () => {
    await open([]);
    line.cut(3_000);
    clock.advance(1_000);
    expect(line.report()).toEqual({ state: 'down', sinceMs: 1_000, outages: 1, totalDownMs: 1_000 });
    line.cut(1_000);
    line.cut(4_000);
    clock.advance(3_999);
    expect(line.report().state).toBe('down');
    clock.advance(1);
    expect(line.report()).toEqual({ state: 'up', sinceMs: 0, outages: 1, totalDownMs: 5_000 });
  });

  it('is mended by hand, and then goes on with its schedule', async () => {
    await open([SPARING, SPARING]);
    line.cut(60_000);
    clock.advance(2_000);
    line.mend();
    expect(line.report()).toEqual({ state: 'up', sinceMs: 0, outages: 1, totalDownMs: 2_000 });
    clock.advance(20_000);
    expect(line.report()).toMatchObject({ state: 'down', outages: 2 });
  });

  it('stands still while packets are lost, and loses nothing of what it carries', async () => {
    const client = dial(await open([]));
    client.write('before');
    await answer(client);
    const rolls = [0, 0.9, 0];
    line.lose(50, 750, () => rolls.shift() ?? 0);
    client.write('during');
    let heard = '';
    client.on('data', (bytes) => {
      heard += bytes;
    });
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect([heard, line.isLossy]).toEqual(['', true]);
    clock.advance(250);
    await once(client, 'data');
    expect(heard).toBe('during');
    clock.advance(500);
    expect(line.isLossy).toBe(false);
    client.write(' after');
    await once(client, 'data');
    expect(heard).toBe('during after');
  });

  it('ends every connection when the address changes, and takes new ones', async () => {
    const port = await open([]);
    const client = dial(port);
    client.write('hello');
    await answer(client);
    expect(line.changeAddress()).toBe(1);
    await once(client, 'close');
    const next = dial(port);
    next.write('again');
    expect(await answer(next)).toBe('again');
  });

  it('goes on with its schedule after a cut', async () => {
    await open([SPARING, SPARING]);
    line.cut(3_000);
    clock.advance(3_000 + 20_000);
    expect(line.report().outages).toBe(2);
    clock.advance(1_000);
    expect(line.report()).toMatchObject({ state: 'down', totalDownMs: 4_000 });
  });
});
