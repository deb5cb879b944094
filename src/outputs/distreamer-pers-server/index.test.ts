import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { FakeStreamView } from '../../../test/support/fake-stream-view.ts';
import { FragmentSource } from '../../../test/support/frames.ts';
import { UnstableLine } from '../../../test/support/unstable-line.ts';
import { silentLogger } from '../../core/logger.ts';
import type { OutputReport } from '../../modules/output.ts';
import server from './index.ts';

class Bench {
  readonly clock = new FakeClock();
  readonly line = new UnstableLine({ clock: this.clock, random: () => 1, portionBytes: 1 << 20 });
  readonly stream = new FakeStreamView();
  readonly source = new FragmentSource();
  readonly #abort = new AbortController();
  report: () => OutputReport = () => ({ state: 'none' });
  run: Promise<void> = Promise.resolve();

  async start(options: Record<string, unknown> = {}): Promise<void> {
    this.run = server.run({
      options: server.schema.parse({ password: 'p', ...options }),
      signal: this.#abort.signal,
      clock: this.clock,
      log: silentLogger,
      stream: this.stream,
      baseDir: '/',
      keepDir: undefined,
      network: this.line,
      memory: new Map(),
      onReport: (report) => {
        this.report = report;
      },
    });
    await this.clock.run(0);
  }

  async connect(request?: string): Promise<{ socket: Socket; text: () => string; isClosed: () => boolean }> {
    const target = { host: 'x', port: 4080, tls: false, timeoutMs: 1, signal: this.#abort.signal };
    const socket = await this.line.dial({ ...target, displayUrl: 'x', trusted: true });
    const parts: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => parts.push(chunk));
    if (request) socket.write(request);
    await this.clock.run(50);
    return { socket, text: () => Buffer.concat(parts).toString('latin1'), isClosed: () => socket.destroyed };
  }

  get counters(): Readonly<Record<string, number>> {
    return this.report().counters!;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.run;
    await this.clock.run(100);
    expect(this.clock.pendingCount).toBe(0);
    expect(this.line.openSockets).toBe(0);
  }
}

const REQUEST = 'GET /p/ HTTP/1.1\r\n\r\n';

describe('the persistent pull server', () => {
  it('offers what the buffer holds already, and what comes', async () => {
    const bench = new Bench();
    bench.stream.append(bench.source.next());
    await bench.start();
    const client = await bench.connect(REQUEST);
    expect(client.text()).toMatch(/^oggheader\|0\r\n\r\n1\|1600\r\n[\s\S]*\r\nlist\|\d+\r\n\{"fragmentslist":\[1\],/);
    bench.stream.append(bench.source.next());
    await bench.clock.run(1000);
    expect(client.text()).toContain('\r\n2|1600\r\n');
    expect(bench.report()).toMatchObject({ state: 'ready', listeners: 1, target: ':: port 4080' });
    await bench.stop();
  });

  it('tells a list at each interval, so that nobody takes the line for dead', async () => {
    const bench = new Bench();
    await bench.start({ interval: '2s' });
    const client = await bench.connect(REQUEST);
    await bench.clock.run(10_000);
    expect(client.text().match(/list\|/g)!.length).toBe(6);
    await bench.stop();
  });

  it('closes after a wrong password, the statistics and a broken request', async () => {
    const bench = new Bench();
    await bench.start();
    const wrong = await bench.connect('GET /q/ HTTP/1.1\r\n\r\n');
    expect([wrong.text(), wrong.isClosed()]).toEqual(['err|18\r\nPassword incorrect\r\n', true]);
    const feeding = await bench.connect(REQUEST);
    const stats = await bench.connect('GET /stats HTTP/1.1\r\n\r\n');
    expect(stats.text()).toMatch(
      /^HTTP\/1\.0 200 OK\r\n[\s\S]*\r\n\r\n\{"fragmentsList": \[\], "connectedClients": 1\}$/,
    );
    expect(stats.isClosed()).toBe(true);
    const broken = await bench.connect('POST / HTTP/1.1\r\n\r\n');
    expect([broken.text(), broken.isClosed()]).toEqual(['', true]);
    expect(feeding.isClosed()).toBe(false);
    expect(bench.counters).toMatchObject({ connections: 4, passwords_refused: 1, refused: 1 });
    await bench.stop();
  });

  it('closes who asks nothing within 10 s, and who comes when all places are taken', async () => {
    const bench = new Bench();
    await bench.start({ maxClients: 2 });
    const slow = await bench.connect('GET /p');
    const client = await bench.connect(REQUEST);
    const late = await bench.connect(REQUEST);
    expect([late.text(), late.isClosed()]).toEqual(['', true]);
    await bench.clock.run(10_000);
    expect([slow.text(), slow.isClosed(), client.isClosed()]).toEqual(['', true, false]);
    await bench.stop();
  });

  it('holds no more than its limit for a client that reads nothing, lets it go on later, and drops it at last', async () => {
    const bench = new Bench();
    await bench.start({ queueLimit: '8KiB', timeout: '30s', fragments: 20 });
    const client = await bench.connect(REQUEST);
    const before = bench.counters.bytes_sent!;
    bench.line.down();
    const play = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        bench.stream.append(bench.source.next());
        await bench.clock.run(1000);
      }
    };
    await play(28);
    expect(bench.counters.bytes_sent! - before).toBeLessThan(12 * 1024);
    bench.line.up();
    await bench.clock.run(2000);
    expect(client.text().split('\r\n')).toContain('28|1600');
    expect(client.isClosed()).toBe(false);
    expect(bench.counters.evicted_fragments).toBeGreaterThan(0);
    bench.line.down();
    await play(40);
    bench.line.up();
    await bench.clock.run(100);
    expect(client.isClosed()).toBe(true);
    expect(bench.counters.slow_dropped).toBe(1);
    await bench.stop();
  });

  it('gives out no number twice over a restart', async () => {
    const numbers: number[] = [];
    const bench = new Bench();
    for (let round = 0; round < 2; round++) {
      const next = new Bench();
      await next.clock.run(60_000 * round);
      next.stream.append(next.source.next());
      await next.start();
      const client = await next.connect(REQUEST);
      numbers.push(Number(/(\d+)\|1600/.exec(client.text())![1]));
      await next.stop();
    }
    expect(numbers).toEqual([1, 600]);
    await bench.start();
    await bench.stop();
  });
});
