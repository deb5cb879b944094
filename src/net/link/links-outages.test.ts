import { describe, expect, it } from 'vitest';
import { Listener, linkAddress, numbers, testStore } from '../../../test/support/link-node.ts';
import { BY_BOTH, BY_UDP, LinkPair, RELAY, STUDIO } from '../../../test/support/link-pair.ts';
import type { LinkHandle } from '../../modules/link.ts';
import type { ChannelStore } from '../../protocols/link/channel-store.ts';

interface Flow {
  readonly pair: LinkPair;
  readonly store: ChannelStore;
  readonly listener: Listener;
  readonly near: LinkHandle;
  readonly far: LinkHandle;
}

// The studio publishes, the relay listens; two seconds have played.
async function flowing(to = BY_BOTH): Promise<Flow> {
  const pair = new LinkPair();
  const near = await pair.listen();
  const far = await pair.dial({ to });
  const store = testStore('/live');
  far.publish(store);
  const listener = new Listener('/live');
  near.subscribe(listener.channel);
  await pair.play(store, 20);
  return { pair, store, listener, near, far };
}

async function expectAll({ pair, listener }: Flow, frames: number): Promise<void> {
  await pair.clock.run(1000);
  expect(listener.frames).toEqual(numbers(0, frames));
  expect(listener.gaps).toEqual([]);
}

describe('a link over a line that fails', () => {
  it.each([BY_BOTH, BY_UDP, [linkAddress('tls', RELAY)]])('goes on after outages, by %j', async (...to) => {
    const flow = await flowing(to);
    const { pair, store } = flow;
    for (const outageMs of [1000, 5000, 20_000]) {
      pair.network.line.down.add(RELAY);
      await pair.play(store, outageMs / 100);
      expect(flow.far.status()[0]!.state).toBe(outageMs > 2000 ? 'down' : flow.far.status()[0]!.state);
      pair.network.line.down.delete(RELAY);
      await pair.play(store, 30);
      expect(flow.listener.frames.length).toBeGreaterThan(0);
    }
    await expectAll(flow, await pair.play(store, 20));
    expect(flow.far.status()[0]!.state).toBe('up');
  });

  it.each([
    ['to', STUDIO],
    ['from', RELAY],
  ])('goes on by TLS while nothing comes %s the relay by UDP, and in both directions after', async (_, blocked) => {
    const flow = await flowing();
    const { pair, store, far } = flow;
    pair.network.line.onDatagram = (datagram, from) => (from.address === blocked ? undefined : datagram);
    await pair.play(store, 50);
    await expectAll(flow, await pair.play(store, 1));
    expect([far.status()[0]!.state, far.status()[0]!.connects]).toEqual(['up', 1]);
    pair.network.line.onDatagram = (datagram) => datagram;
    await pair.play(store, 100);
    await expectAll(flow, await pair.play(store, 1));
    expect(
      far
        .status()[0]!
        .paths.map(({ carrier, state }) => `${carrier} ${state}`)
        .sort(),
    ).toEqual(['tls alive', 'udp alive']);
  });

  it('says nothing new in an outage, and why not when it lasts', async () => {
    const { pair, store, far } = await flowing();
    pair.network.line.down.add(RELAY);
    await pair.play(store, 100);
    expect(pair.studio.lines).toEqual([]);
    expect(far.status()[0]!.lastError).toContain('no answer');
    await pair.play(store, 200);
    expect(pair.studio.lines.filter((line) => line.includes('UDP'))).toHaveLength(1);
  });

  it('is found again when the peer has forgotten it', async () => {
    const flow = await flowing();
    const { pair, store } = flow;
    pair.network.line.down.add(RELAY);
    await pair.play(store, 100);
    await pair.clock.run(150_000);
    expect(flow.near.status()).toMatchObject([{ state: 'down', paths: [] }]);
    pair.network.line.down.delete(RELAY);
    await pair.clock.run(3000);
    await expectAll(flow, await pair.play(store, 20));
    expect(flow.far.status()[0]!.connects).toBe(2);
  });

  it('follows a new port or address of a NAT without another handshake', async () => {
    const flow = await flowing(BY_UDP);
    const { pair, store } = flow;
    let hellos = 0;
    pair.network.line.onDatagram = (datagram) => {
      if (datagram[0] === 0x12) hellos++;
      return datagram;
    };
    for (const address of [STUDIO, '10.0.0.77']) {
      pair.network.rebind(STUDIO, address);
      await pair.play(store, 20);
      expect(flow.near.status()[0]!.paths[0]!.remote).toContain(address);
    }
    await expectAll(flow, await pair.play(store, 10));
    expect(hellos).toBe(0);
    expect(flow.near.status()[0]).toMatchObject({ state: 'up', connects: 1 });
  });

  it('does not follow an older record, nor one that was made by somebody else', async () => {
    const flow = await flowing(BY_UDP);
    const { pair, store } = flow;
    const elsewhere = { address: '10.6.6.6', port: 666 };
    const to = { address: RELAY, port: 4090 };
    const records: Buffer[] = [];
    pair.network.line.onDatagram = (datagram, _from, { address }) => {
      if (address === RELAY) records.push(datagram);
      return datagram;
    };
    await pair.play(store, 20);
    await pair.clock.run(50);
    for (const record of records) {
      pair.network.arrive(record, elsewhere, to);
      const forged = Buffer.from(record);
      forged[7]! += 4;
      pair.network.arrive(forged, elsewhere, to);
    }
    expect(flow.near.status()[0]!.paths[0]!.remote).toContain(STUDIO);
    expect(pair.relay.links.refusals()).toMatchObject({
      duplicate_record: records.length,
      forged_record: records.length,
    });
    await expectAll(flow, await pair.play(store, 10));
  });

  it('finds a way by a new port within 1.5 s when the old one no longer works', async () => {
    const flow = await flowing(BY_UDP);
    const { pair, store, listener } = flow;
    const old = flow.near.status()[0]!.paths[0]!.remote;
    pair.network.line.onDatagram = (datagram, from, to) => {
      const ends = [from, to].map(({ address, port }) => `${address}:${port}`);
      return ends.includes(old) ? undefined : datagram;
    };
    const before = listener.frames.length;
    await pair.play(store, 15);
    expect(listener.frames.length).toBeGreaterThan(before + 8);
    await expectAll(flow, await pair.play(store, 30));
    expect(flow.far.status()[0]!.paths).toHaveLength(1);
    await pair.play(store, 200);
    expect(flow.near.status()[0]!.paths).toHaveLength(1);
    expect(pair.network.open.datagramPorts).toBe(2);
  });

  it('goes by the other path within a second when one dies, and the dead one comes back', async () => {
    const flow = await flowing([linkAddress('udp', RELAY), linkAddress('tls', RELAY)]);
    const { pair, store } = flow;
    pair.network.line.blocked.add('udp');
    await pair.play(store, 60);
    expect(flow.listener.frames.length).toBeGreaterThan(65);
    expect(flow.near.status()[0]).toMatchObject({ state: 'up', connects: 1 });
    await pair.play(store, 200);
    // given up at both ends while the other carries the link
    expect(flow.near.status()[0]!.paths.map(({ carrier }) => carrier)).toEqual(['tls']);
    expect(flow.far.status()[0]!.paths.map(({ carrier }) => carrier)).toEqual(['tls']);
    pair.network.line.blocked.clear();
    await expectAll(flow, await pair.play(store, 60));
    expect(
      flow.far
        .status()[0]!
        .paths.map(({ carrier, state }) => `${carrier} ${state}`)
        .sort(),
    ).toEqual(['tls alive', 'udp alive']);
  });

  it('goes on when the sending process restarts with its store', async () => {
    const flow = await flowing();
    const { pair, store } = flow;
    pair.restartStudio();
    await pair.clock.run(3000);
    const far = await pair.dial();
    far.publish(store);
    await expectAll(flow, await pair.play(store, 30));
    expect(flow.near.status()).toHaveLength(1);
  });

  it.each([BY_BOTH, BY_UDP])('goes on when the receiving process restarts with what it held, by %j', async (...to) => {
    const { pair, store, listener, far } = await flowing(to);
    await pair.clock.run(500);
    const held = listener.channel.position!;
    pair.restartRelay();
    await pair.play(store, 10);
    const second = new Listener('/live', held);
    (await pair.listen()).subscribe(second.channel);
    await pair.play(store, 30);
    await pair.clock.run(1000);
    expect([...listener.frames, ...second.frames]).toEqual(numbers(0, 60));
    expect(second.gaps).toEqual([]);
    expect(far.status()[0]!.state).toBe('up');
  });

  it('goes on after the peer ended the link and came back', async () => {
    const { pair, store, listener, far, near } = await flowing();
    await pair.clock.run(500);
    const held = listener.channel.position!;
    near.close();
    await pair.clock.run(1000);
    expect(far.status()[0]).toMatchObject({ state: 'down', paths: [] });
    expect(far.status()[0]!.lastError).toBeDefined();
    const second = new Listener('/live', held);
    (await pair.listen()).subscribe(second.channel);
    await pair.play(store, 30);
    await pair.clock.run(1000);
    expect([...listener.frames, ...second.frames]).toEqual(numbers(0, 50));
  });
});
