import { beforeEach, describe, expect, it } from 'vitest';
import { hexOf, SimEnd, SimPath, SimSource } from '../../../test/support/link-ends.ts';
import { SimListener } from '../../../test/support/link-listener.ts';
import { LinkNetwork } from '../../../test/support/link-network.ts';
import { compareLedgers } from './ledger-comparison.ts';
import type { PathOptions, PathState } from './link-path.ts';
import { ReceiveChannel } from './receive-channel.ts';

let network: LinkNetwork;
let states: { atMs: number; path: number; state: PathState }[];
let a: SimEnd;
let b: SimEnd;

beforeEach(() => {
  network = new LinkNetwork(7);
  states = [];
  const sessionId = hexOf(network.random, 16);
  const pathState = (path: number, state: PathState) => states.push({ atMs: network.nowMs, path, state });
  a = new SimEnd({ network, sessionId, events: { pathState } });
  b = new SimEnd({ network, sessionId });
});

function connect(id = 0, options: Partial<PathOptions> = {}): SimPath {
  const path = new SimPath(network, id, options);
  path.set({ delayMs: 20 });
  a.attach(path, path.forth, () => b);
  b.attach(path, path.back, () => a);
  return path;
}

function stream(from: SimEnd, to: SimEnd, name = '/live') {
  const source = new SimSource(network, { name });
  const listener = new SimListener(network, () => source);
  from.session.publish(source.store);
  to.session.subscribe(new ReceiveChannel({ name, sink: listener, backMs: 10_000 }));
  return { source, listener };
}

describe('a link session', () => {
  it('carries streams both ways, whoever dialled', () => {
    const [forth, back] = [stream(a, b, '/forth'), stream(b, a, '/back')];
    connect();
    network.runUntil(10_000);
    for (const { source, listener } of [forth, back]) {
      expect(source.audioBytes - listener.audioBytes).toBeLessThan(16 * 300);
      expect([listener.wrongBytes, listener.repeatedBytes, listener.gaps.length]).toEqual([0, 0, 0]);
    }
  });

  it('carries many streams on one path', () => {
    const streams = Array.from({ length: 20 }, (_, index) => stream(a, b, `/s${index}`));
    connect().set({ loss: 0.1 });
    network.runUntil(10_000);
    for (const { source, listener } of streams) {
      expect(source.audioBytes - listener.audioBytes).toBeLessThan(16 * 2500);
      expect([listener.wrongBytes, listener.repeatedBytes, listener.missingBytes]).toEqual([0, 0, 0]);
    }
  });

  describe('with a busy path and an idle one', () => {
    const TLS = { isReliable: true, payloadBytes: 16_000 };

    it.each([
      ['sends', 0],
      ['sends', 370],
      ['receives', 0],
      ['receives', 430],
    ])('knows within 1 s of the round trip that both are dead (the side that %s, %i ms)', (side, laterMs) => {
      if (side === 'sends') stream(a, b);
      else stream(b, a);
      const [udp, tls] = [connect(0), connect(1, TLS)];
      const cutMs = 21_000 + laterMs;
      network.runUntil(cutMs);
      expect(states.map(({ state }) => state)).toEqual(['alive', 'alive']);
      states.length = 0;
      for (const path of [udp, tls]) path.set({ isDown: true });
      network.runUntil(cutMs + 1000 + 40);
      expect(states.map(({ path, state }) => [path, state])).toEqual([
        [0, 'suspect'],
        [1, 'suspect'],
      ]);
    });

    it('does not give up the idle one when it lives', () => {
      const { source, listener } = stream(a, b);
      const [udp] = [connect(0), connect(1, TLS)];
      network.runUntil(21_000);
      states.length = 0;
      udp.set({ isDown: true });
      network.runUntil(40_000);
      expect(states.map(({ path, state }) => [path, state])).toEqual([[0, 'suspect']]);
      expect(source.audioBytes - listener.audioBytes).toBeLessThan(16 * 1000);
    });
  });

  it('knows a dead path within 1 s of the round trip, asks on for ever, and goes on at once', () => {
    const { source, listener } = stream(a, b);
    const path = connect();
    network.runUntil(10_000);
    path.set({ isDown: true });
    network.runUntil(12_000);
    const dead = states.at(-1)!;
    expect(dead.state).toBe('suspect');
    expect(dead.atMs - 10_000).toBeLessThan(1000 + 40 + 100);
    const sentBefore = path.forth.offeredPackets;
    network.runUntil(12_000 + 600_000);
    const pings = path.forth.offeredPackets - sentBefore;
    expect(pings).toBeGreaterThan(290);
    expect(pings).toBeLessThan(400);
    path.set({ isDown: false });
    network.runUntil(network.nowMs + 2500);
    expect(states.at(-1)!.state).toBe('alive');
    network.runUntil(network.nowMs + 3000);
    // Ten minutes are longer than any buffer: one gap, and the newest that was kept.
    expect(listener.gaps).toHaveLength(1);
    expect(source.audioBytes - listener.audioBytes - listener.missingBytes).toBeLessThan(16 * 300);
  });

  it('sends no data into a dead path and nothing twice on a clean one', () => {
    stream(a, b);
    const path = connect();
    network.runUntil(20_000);
    expect(a.session.status().sends[0]!.resentBytes).toBe(0);
    path.set({ isDown: true });
    network.runUntil(22_000);
    const offered = path.forth.offeredBytes;
    network.runUntil(32_000);
    expect(path.forth.offeredBytes - offered).toBeLessThan(16 * 100);
  });

  it('tells the owner of a path which packet the peer has', () => {
    const acknowledged: number[] = [];
    const sessionId = hexOf(network.random, 16);
    a = new SimEnd({ network, sessionId, events: { acknowledged: (_, number) => acknowledged.push(number) } });
    b = new SimEnd({ network, sessionId });
    stream(a, b);
    connect();
    network.runUntil(10_000);
    const { sentPackets } = a.session.status().paths[0]!;
    expect(acknowledged).toEqual([...acknowledged].sort((x, y) => x - y));
    expect(acknowledged.at(-1)).toBeGreaterThan(sentPackets - 16);
    expect(acknowledged.at(-1)).toBeLessThan(sentPackets);
  });

  it('acknowledges seldom on a clean line', () => {
    stream(a, b);
    const path = connect();
    network.runUntil(5000);
    const before = path.back.offeredPackets;
    network.runUntil(65_000);
    expect((path.back.offeredPackets - before) / 60).toBeLessThan(2.2);
  });

  it('keeps to the highest rate it may use', () => {
    const { listener } = stream(a, b);
    const path = connect(0, { maxBytesPerSecond: 30_000 });
    network.runUntil(10_000);
    path.set({ isDown: true });
    network.runUntil(25_000);
    path.set({ isDown: false });
    network.runUntil(26_500);
    const before = path.forth.offeredBytes;
    network.runUntil(36_500);
    const rate = (path.forth.offeredBytes - before) / 10;
    expect(rate).toBeLessThan(30_600);
    expect(rate).toBeGreaterThan(28_000);
    network.runUntil(60_000);
    expect(listener.gaps).toEqual([]);
  });

  it('keeps up with the stream when four of ten packets are lost', () => {
    const { source, listener } = stream(a, b);
    connect().set({ loss: 0.4 });
    network.runUntil(120_000);
    expect(listener.gaps).toEqual([]);
    expect(listener.maxDelayMs).toBeLessThan(20_000);
    expect(source.audioBytes - listener.audioBytes).toBeLessThan(16 * 20_000);
  });

  it('goes on by another carrier when a reliable one stalls', () => {
    const { listener } = stream(a, b);
    const tls = connect(0, { isReliable: true, payloadBytes: 4096 });
    connect(1, { rank: 5 });
    network.runUntil(10_000);
    tls.set({ isDown: true });
    network.runUntil(20_000);
    expect(listener.maxDelayMs).toBeLessThan(2000);
    expect([listener.wrongBytes, listener.repeatedBytes, listener.missingBytes]).toEqual([0, 0, 0]);
  });

  it('waits while the carrier takes nothing, and loses nothing by it', () => {
    const { listener, source } = stream(a, b);
    const path = connect(0, { isReliable: true });
    network.runUntil(5000);
    a.session.setWritable(path.id, false);
    const before = path.forth.offeredPackets;
    network.runUntil(8000);
    expect(path.forth.offeredPackets).toBe(before);
    a.session.setWritable(path.id, true);
    a.pump();
    network.runUntil(12_000);
    expect(source.audioBytes - listener.audioBytes).toBeLessThan(16 * 300);
  });

  it('leaves ledgers at both ends that agree', () => {
    const { source, listener } = stream(a, b);
    connect().set({ loss: 0.2 });
    network.runUntil(60_000);
    const [sent, heard] = [source.ledger.snapshot(), listener.ledger.snapshot()];
    expect(heard.blocks.length).toBeGreaterThan(10);
    expect(compareLedgers(sent, heard)).toMatchObject({
      differences: [],
      identicalBytes: expect.toSatisfy((n) => n > 500_000),
    });
    expect(sent.blocks[9]!.chain).toBe(heard.blocks[9]!.chain);
  });
});
