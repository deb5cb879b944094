import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import {
  appendFrame,
  LinkNode,
  Listener,
  linkAddress,
  linkOptions,
  numbers,
  testStore,
} from '../../../test/support/link-node.ts';
import { MemoryNetwork } from '../../../test/support/memory-carriers.ts';
import { generatePrivateKey, publicKeyOf } from '../../protocols/link/keys.ts';

const STUDIO = '10.0.0.1';
const RELAY = '10.0.0.2';
const studioKey = generatePrivateKey();
const relayKey = generatePrivateKey();
const studioPeer = { name: 'studio', publicKey: publicKeyOf(studioKey) };
const relayPeer = { name: 'relay', publicKey: publicKeyOf(relayKey) };
const listen = { host: RELAY, port: 4090 };
const both = [linkAddress('udp', RELAY), linkAddress('tls', RELAY)];

describe('a link', () => {
  it('joins two nodes by keys and carries a stream that the dialling side publishes', async () => {
    const clock = new FakeClock();
    const network = new MemoryNetwork(clock);
    const studio = new LinkNode(network, STUDIO, { privateKey: studioKey });
    const relay = new LinkNode(network, RELAY, { privateKey: relayKey });
    const near = await relay.links.open(linkOptions({ listen, peers: [studioPeer] }));
    const far = await studio.links.open(linkOptions({ to: both, peers: [relayPeer] }));
    const store = testStore('/live');
    far.publish(store);
    const listener = new Listener('/live');
    near.subscribe(listener.channel);
    for (let number = 0; number < 50; number++) {
      appendFrame(store, number);
      await clock.run(100);
    }
    await clock.run(1000);
    expect(listener.frames).toEqual(numbers(0, 50));
    expect(far.status()).toMatchObject([{ peer: 'relay', role: 'dials', state: 'up', connects: 1 }]);
    expect(near.status()).toMatchObject([{ peer: 'studio', role: 'listens', state: 'up', receives: ['/live'] }]);
    expect(
      near
        .status()[0]!
        .paths.map(({ carrier, state }) => [carrier, state])
        .sort(),
    ).toEqual([
      ['tls', 'alive'],
      ['udp', 'alive'],
    ]);
    expect([studio.lines, relay.lines]).toEqual([[], []]);
    await Promise.all([studio.links.close(), relay.links.close()]);
    await clock.run(1000);
    expect(network.open).toEqual({ datagramPorts: 0, connections: 0, listeners: 0 });
    expect(clock.pendingCount).toBe(0);
  });
});
