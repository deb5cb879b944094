import { beforeEach, describe, expect, it } from 'vitest';
import { hexOf, SimEnd, SimPath, SimSource, UDP_OVERHEAD_BYTES } from '../../../test/support/link-ends.ts';
import { SimListener } from '../../../test/support/link-listener.ts';
import { type LineState, LinkNetwork } from '../../../test/support/link-network.ts';
import { PathMtu } from './path-mtu.ts';
import { ReceiveChannel } from './receive-channel.ts';

const FULL_BYTES = 1447 + UDP_OVERHEAD_BYTES;
const BASE_BYTES = 1200 + UDP_OVERHEAD_BYTES;

describe('PathMtu', () => {
  const long = (number: number) => ({ number, payloadBytes: 1447, isProbe: false });
  const probe = (number: number, payloadBytes = 1447) => ({ number, payloadBytes, isProbe: true });

  // Lets probes of more than `mostBytes` be lost; returns the sizes tried.
  function search(mtu: PathMtu, mostBytes: number, lossRatio = 0): number[] {
    const tried: number[] = [];
    for (let nowMs = 0; nowMs < 60_000; nowMs += 500) {
      const size = mtu.probeBytes(nowMs);
      if (size === undefined) continue;
      tried.push(size);
      mtu.probeSent(nowMs, nowMs);
      if (size > mostBytes) mtu.lost(probe(nowMs, size), lossRatio, nowMs + 100);
      else mtu.acked(probe(nowMs, size), nowMs + 100);
    }
    return tried;
  }

  it('takes the longest when its probe arrives', () => {
    const mtu = new PathMtu(1200, 1447);
    expect(search(mtu, 1447)).toEqual([1447]);
    expect(mtu.payloadBytes).toBe(1447);
  });

  it('tries each size three times, then the next, then again after ten minutes', () => {
    const mtu = new PathMtu(1200, 1447);
    expect(search(mtu, 1400)).toEqual([1447, 1447, 1447, 1439, 1439, 1439, 1400]);
    expect(mtu.payloadBytes).toBe(1400);
    expect(mtu.probeBytes(600_000)).toBeUndefined();
    expect(mtu.probeBytes(610_000)).toBe(1447);
  });

  it('tries more often on a line that loses all kinds', () => {
    expect(search(new PathMtu(1200, 1280), 1200)).toHaveLength(3 * 2);
    expect(search(new PathMtu(1200, 1280), 1200, 0.2)).toHaveLength(5 * 2);
  });

  it('stays where it is when nothing longer is known', () => {
    expect(search(new PathMtu(4096, 4096), 9999)).toEqual([]);
  });

  it('falls back when long packets are lost one after the other, and asks again', () => {
    const mtu = new PathMtu(1200, 1447);
    search(mtu, 1447);
    for (const number of [900_000, 900_001, 900_002]) mtu.lost(long(number), 0.01, 70_000);
    mtu.acked(long(900_003), 70_000);
    for (const number of [900_004, 900_005, 900_006]) mtu.lost(long(number), 0.01, 70_000);
    expect(mtu.payloadBytes).toBe(1447);
    mtu.lost(long(900_007), 0.01, 70_000);
    expect(mtu.payloadBytes).toBe(1200);
    expect(mtu.probeBytes(70_000)).toBe(1447);
  });

  it('does not count a probe that was lost with all else', () => {
    const mtu = new PathMtu(1200, 1447);
    for (let turn = 0; turn < 5; turn++) {
      expect(mtu.probeBytes(turn * 1000)).toBe(1447);
      mtu.probeSent(turn, turn * 1000);
      mtu.suspend();
      mtu.lost(probe(turn), 0, turn * 1000 + 500);
    }
  });
});

describe('a session on a line with a longest packet', () => {
  let network: LinkNetwork;
  let listener: SimListener;
  let sender: SimEnd;
  let path: SimPath;

  beforeEach(() => {
    network = new LinkNetwork(11);
    const sessionId = hexOf(network.random, 16);
    sender = new SimEnd({ network, sessionId });
    const receiver = new SimEnd({ network, sessionId });
    const source = new SimSource(network);
    listener = new SimListener(network, () => source);
    sender.session.publish(source.store);
    receiver.session.subscribe(new ReceiveChannel({ name: '/live', sink: listener, backMs: 1000 }));
    path = new SimPath(network, 0, { payloadBytes: 1200, maxPayloadBytes: 1447 });
    path.set({ delayMs: 20 });
    sender.attach(path, path.forth, () => receiver);
    receiver.attach(path, path.back, () => sender);
  });

  // Runs on; returns the longest packet of the last 4 s.
  function run(ms: number, state: Partial<LineState> = {}): number {
    path.set(state);
    network.runUntil(network.nowMs + ms - 4000);
    path.forth.longestBytes = 0;
    network.runUntil(network.nowMs + 4000);
    return path.forth.longestBytes;
  }

  const lost = () => sender.session.status().paths[0]!.lostPackets;

  it('fills packets within a second, and only the side that sends data asks', () => {
    network.runUntil(1000);
    path.forth.longestBytes = 0;
    network.runUntil(3000);
    expect(path.forth.longestBytes).toBeGreaterThan(FULL_BYTES - 32);
    expect(path.back.longestBytes).toBeLessThan(300);
  });

  it.each([0.2, 0.4])('reaches the full size though %f of all packets are lost', (loss) => {
    expect(run(40_000, { loss })).toBeGreaterThan(FULL_BYTES - 32);
  });

  it('finds a size between, and counts no loss for it', () => {
    expect(run(30_000, { maxBytes: 1460 })).toBeLessThanOrEqual(1400 + UDP_OVERHEAD_BYTES);
    expect(path.forth.longestBytes).toBeGreaterThan(1400 + UDP_OVERHEAD_BYTES - 32);
    expect(lost()).toBe(0);
    expect(listener.maxDelayMs).toBeLessThan(500);
  });

  it('stays small where nothing more fits', () => {
    expect(run(60_000, { maxBytes: BASE_BYTES })).toBeLessThanOrEqual(BASE_BYTES);
    expect(lost()).toBe(0);
  });

  it('leaves a black hole at once, loses nothing, and grows again later', () => {
    expect(run(20_000)).toBeGreaterThan(FULL_BYTES - 32);
    expect(run(40_000, { maxBytes: 1300 })).toBeLessThanOrEqual(1300);
    expect(listener.maxDelayMs).toBeLessThan(3000);
    expect(run(620_000, { maxBytes: 0 })).toBeGreaterThan(FULL_BYTES - 32);
    expect([listener.wrongBytes, listener.repeatedBytes, listener.gaps.length]).toEqual([0, 0, 0]);
  });

  it('is back at the full size soon after an outage', () => {
    run(10_000);
    run(6000, { isDown: true });
    expect(run(8000, { isDown: false })).toBeGreaterThan(FULL_BYTES - 32);
  });
});
