import { describe, expect, it } from 'vitest';
import { LinkNode, Listener, linkAddress, linkOptions, numbers, testStore } from '../../../test/support/link-node.ts';
import { BY_UDP, LinkPair, RELAY, relayPeer, STUDIO, studioPeer } from '../../../test/support/link-pair.ts';
import type { LinkChange } from '../../modules/link.ts';
import { generatePrivateKey, generateSharedKey, publicKeyOf } from '../../protocols/link/keys.ts';

describe('a link', () => {
  it('carries what the dialling side publishes, by UDP with TLS kept warm, and leaves nothing behind', async () => {
    const pair = new LinkPair();
    const near = await pair.listen();
    const far = await pair.dial();
    const store = testStore('/live');
    far.publish(store);
    const listener = new Listener('/live');
    near.subscribe(listener.channel);
    await pair.play(store, 50);
    await pair.clock.run(1000);
    expect(listener.frames).toEqual(numbers(0, 50));
    expect(far.status()).toMatchObject([{ peer: 'relay', role: 'dials', state: 'up', connects: 1 }]);
    expect(near.status()).toMatchObject([{ peer: 'studio', role: 'listens', state: 'up', receives: ['/live'] }]);
    const paths = new Map(far.status()[0]!.paths.map((path) => [path.carrier, path]));
    expect(paths.get('udp')).toMatchObject({ state: 'alive', remote: `${RELAY}:4090` });
    expect(paths.get('tls')?.state).toBe('alive');
    expect(paths.get('udp')!.sentBytes).toBeGreaterThan(50 * 400);
    expect(paths.get('tls')!.sentBytes).toBeLessThan(5000);
    expect([pair.studio.lines, pair.relay.lines]).toEqual([[], []]);
    expect(pair.relay.links.refusals()).toEqual({});
    await pair.close();
    expect(pair.network.open).toEqual({ datagramPorts: 0, connections: 0, listeners: 0 });
    expect(pair.clock.pendingCount).toBe(0);
  });

  it('carries what the listening side publishes, with a shared key', async () => {
    const pair = new LinkPair();
    const sharedKey = generateSharedKey();
    const near = await pair.listen({ sharedKey, peers: [] });
    const far = await pair.dial({ sharedKey, peers: [{ name: 'relay', publicKey: undefined }] });
    const store = testStore('/live');
    near.publish(store);
    const listener = new Listener('/live');
    far.subscribe(listener.channel);
    await pair.play(store, 30);
    await pair.clock.run(1000);
    expect(listener.frames).toEqual(numbers(0, 30));
    expect(near.status()).toMatchObject([{ state: 'up', sends: [{ name: '/live', isWanted: true }] }]);
  });

  it('is shared by all modules that want the same, in both directions, and lasts as long as the last', async () => {
    const pair = new LinkPair();
    const near = [await pair.listen(), await pair.listen({ reserveMs: 60_000 })];
    const far = [await pair.dial(), await pair.dial({ reserveMs: 60_000 })];
    const stores = ['/a', '/b', '/c'].map((name, index) => testStore(name, index + 1));
    const listeners = stores.map(({ name }) => new Listener(name));
    far[0]!.publish(stores[0]!);
    far[1]!.publish(stores[1]!);
    near[0]!.publish(stores[2]!);
    near[0]!.subscribe(listeners[0]!.channel);
    near[1]!.subscribe(listeners[1]!.channel);
    far[1]!.subscribe(listeners[2]!.channel);
    expect(pair.studio.links.status()).toHaveLength(1);
    await pair.clock.run(500);
    for (const store of stores) await pair.play(store, 5);
    await pair.clock.run(1000);
    expect(listeners.map(({ frames }) => frames)).toEqual([numbers(0, 5), numbers(5, 10), numbers(10, 15)]);
    far[0]!.close();
    far[0]!.close();
    await pair.play(stores[1]!, 5);
    await pair.clock.run(1000);
    expect(listeners[1]!.frames).toHaveLength(10);
    expect(listeners[0]!.endCount).toBe(1);
    far[1]!.close();
    await pair.clock.run(1000);
    expect(pair.studio.links.status()).toEqual([]);
    expect(near[0]!.status()).toMatchObject([{ peer: 'studio', state: 'down', paths: [] }]);
    // opened again at once: the port is free again
    for (const handle of near) handle.close();
    await pair.listen();
  });

  it('keeps the settings of the first who wants it, and says so, but acknowledges for the shortest reserve', async () => {
    const pair = new LinkPair();
    await pair.listen();
    const far = await pair.dial({ reserveMs: 60_000, maxBytesPerSecond: 50_000 });
    await pair.clock.run(1000);
    await pair.dial({ reserveMs: 2000, maxBytesPerSecond: 50_000 });
    await pair.clock.run(1000);
    expect(far.status()[0]).toMatchObject({ state: 'up', connects: 2 });
    expect(pair.studio.lines).toEqual([]);
    await pair.dial({ policy: 'duplicate', maxBytesPerSecond: 50_000 });
    await pair.clock.run(1000);
    expect(pair.studio.lines).toEqual([
      'the link to relay is wanted twice with other settings: those of the first count',
    ]);
    expect(far.status()[0]).toMatchObject({ state: 'up', connects: 2 });
  });

  it('serves a module that listens for a peer that is there already', async () => {
    const pair = new LinkPair();
    await pair.listen();
    const store = testStore('/live');
    (await pair.dial()).publish(store);
    await pair.play(store, 10);
    const third = { name: 'third', publicKey: publicKeyOf(generatePrivateKey()) };
    const late = await pair.listen({ peers: [studioPeer, third] });
    const listener = new Listener('/live');
    late.subscribe(listener.channel);
    await pair.play(store, 10);
    await pair.clock.run(1000);
    expect(listener.frames).toEqual(numbers(0, 20));
  });

  it('takes a stream from the peer that published it last, not from one that only listens', async () => {
    const pair = new LinkPair();
    const secondKey = generatePrivateKey();
    const second = new LinkNode(pair.network, '10.0.0.3', { privateKey: secondKey, seed: 5 });
    const near = await pair.listen({ peers: [studioPeer, { name: 'second', publicKey: publicKeyOf(secondKey) }] });
    const listener = new Listener('/live');
    near.subscribe(listener.channel);
    const first = testStore('/live', 1);
    (await pair.dial()).publish(first);
    await pair.play(first, 10);
    const other = await second.links.open(linkOptions({ to: BY_UDP, peers: [relayPeer] }));
    await pair.play(first, 10);
    expect(listener.frames).toHaveLength(20 - 1);
    expect(near.status().map(({ peer, state }) => [peer, state])).toEqual([
      ['studio', 'up'],
      ['second', 'up'],
    ]);
    const backup = testStore('/live', 2);
    other.publish(backup);
    await pair.play(backup, 10);
    await pair.clock.run(1000);
    expect(listener.gaps).toEqual(['new-epoch']);
    expect(listener.frames.slice(-10)).toEqual(numbers(20, 30));
    await second.links.close();
    await pair.clock.run(1000);
    expect(listener.gaps).toEqual(['new-epoch', 'new-epoch']);
  });

  it('tells when the line comes and goes, and how long it was so', async () => {
    const pair = new LinkPair();
    const near = await pair.listen();
    const changes: LinkChange[] = [];
    near.onChange((change) => changes.push(change));
    const far = await pair.dial();
    await pair.clock.run(10_000);
    far.close();
    await pair.clock.run(3000);
    await pair.dial();
    await pair.clock.run(1000);
    expect(changes.map(({ kind, peer }) => `${kind} ${peer}`)).toEqual(['up studio', 'down studio', 'up studio']);
    expect(changes[0]!.afterMs).toBeUndefined();
    expect(changes[1]!.afterMs).toBeGreaterThan(9000);
    expect(Math.round(changes[2]!.afterMs! / 1000)).toBe(3);
  });

  it('makes a path from each local address to each remote one, each within its bound', async () => {
    const pair = new LinkPair();
    await pair.listen({ maxBytesPerSecond: 20_000 });
    const from = [STUDIO, '10.9.0.1'];
    const far = await pair.dial({ from });
    await pair.clock.run(2000);
    expect(
      far
        .status()[0]!
        .paths.map(({ carrier, local }) => `${carrier} ${local.split(':')[0]}`)
        .sort(),
    ).toEqual(['tls', 'udp'].flatMap((carrier) => [`${carrier} ${STUDIO}`, `${carrier} 10.9.0.1`]));
  });

  it('is not opened with keys that are none, or on a port that is taken', async () => {
    const pair = new LinkPair();
    await expect(pair.dial({ privateKey: 'dskey_x' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(pair.dial({ peers: [{ name: 'x', publicKey: undefined }] })).rejects.toThrow('no public key');
    await pair.network.carriers(RELAY).openDatagramPort({ host: RELAY, port: 4090 });
    await expect(pair.listen()).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    expect(pair.network.open.listeners).toBe(0);
    await expect(pair.listen({ listen: { host: RELAY, port: 4091 } })).resolves.toBeDefined();
  });

  it('says once why it cannot connect', async () => {
    const pair = new LinkPair();
    const far = await pair.dial({ to: [linkAddress('udp', RELAY), linkAddress('tls', RELAY)] });
    await pair.clock.run(60_000);
    expect(pair.studio.lines.sort()).toEqual([
      'cannot reach 10.0.0.2:4090 by TLS: connection refused',
      'cannot reach 10.0.0.2:4090 by UDP: no answer: wrong address, wrong key, or a firewall',
    ]);
    expect(far.status()[0]).toMatchObject({ state: 'connecting', connects: 0 });
    expect(far.status()[0]!.lastError).toMatch(/^cannot reach 10.0.0.2:4090 by/);
    await pair.listen();
    await pair.clock.run(3000);
    expect(far.status()[0]).toMatchObject({ state: 'up', lastError: undefined });
  });
});
