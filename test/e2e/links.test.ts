import { X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { systemRandom } from '../../src/core/random.ts';
import type { LinkAddress } from '../../src/modules/link.ts';
import type { CertificateFiles } from '../../src/net/certificate/certificate-files.ts';
import { createDialer } from '../../src/net/dial.ts';
import { createNodeLinks, type NodeLinks } from '../../src/net/link/node-links.ts';
import { generatePrivateKey, generateSharedKey, publicKeyOf } from '../../src/protocols/link/keys.ts';
import { appendFrame, Listener, linkAddress, linkOptions, numbers, testStore } from '../support/link-node.ts';
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY } from '../support/localhost-certificate.ts';
import { RENEWED_CERTIFICATE, RENEWED_KEY } from '../support/renewed-certificate.ts';
import { until } from './support/child.ts';
import { freePort } from './support/ports.ts';

const nodes: NodeLinks[] = [];

function node(privateKey: string, certificate?: CertificateFiles): NodeLinks {
  const dialer = createDialer({ allow: [] });
  const links = createNodeLinks({
    clock: systemClock,
    log: silentLogger,
    random: systemRandom,
    dialer,
    privateKey,
    certificate,
  });
  nodes.push(links);
  return links;
}

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((links) => links.close()));
});

/** UDP from a port of its own to `target`, until it forgets its peers as a NAT does. */
async function startNat(target: number) {
  const inside = createSocket('udp4');
  let outside = createSocket('udp4');
  let peer = { address: '', port: 0 };
  const back = (datagram: Buffer) => inside.send(datagram, peer.port, peer.address);
  outside.on('message', back);
  inside.on('message', (datagram, source) => {
    peer = source;
    outside.send(datagram, target, '127.0.0.1');
  });
  await new Promise<void>((resolve) => inside.bind(0, '127.0.0.1', resolve));
  return {
    port: inside.address().port,
    rebind() {
      outside.close();
      outside = createSocket('udp4');
      outside.on('message', back);
    },
    close() {
      inside.close();
      outside.close();
    },
  };
}

describe('links over real sockets', () => {
  it.each<[string, (port: number) => LinkAddress[]]>([
    ['UDP and TLS', (port) => [linkAddress('udp', '127.0.0.1', port), linkAddress('tls', 'localhost', port)]],
    ['WebSocket', (port) => [{ carrier: 'wss', host: '127.0.0.1', port, path: '/link' }]],
    ['UDP by name', (port) => [linkAddress('udp', 'localhost', port)]],
  ])('carry streams both ways by %s', async (_, to) => {
    const port = await freePort();
    const keys = [generatePrivateKey(), generatePrivateKey()] as const;
    const [studio, relay] = [node(keys[0]), node(keys[1])];
    const listen = { host: '::', port };
    const near = await relay.open(
      linkOptions({ listen, peers: [{ name: 'studio', publicKey: publicKeyOf(keys[0]) }] }),
    );
    const peers = [{ name: 'relay', publicKey: publicKeyOf(keys[1]) }];
    const far = await studio.open(linkOptions({ to: to(port), peers }));
    const stores = [testStore('/up', 1), testStore('/down', 2)];
    const listeners = stores.map(({ name }) => new Listener(name));
    far.publish(stores[0]!);
    near.publish(stores[1]!);
    near.subscribe(listeners[0]!.channel);
    far.subscribe(listeners[1]!.channel);
    for (let number = 0; number < 100; number++) for (const store of stores) appendFrame(store, number);
    await until('all streams', () => listeners.every(({ frames }) => frames.length === 100), 10_000);
    expect(listeners.map(({ frames }) => frames)).toEqual([numbers(0, 100), numbers(0, 100)]);
    await until(
      'all paths',
      () => far.status()[0]!.paths.filter(({ state }) => state === 'alive').length === to(port).length,
      5000,
    );
    await relay.close();
    await until('the farewell', () => far.status()[0]!.state === 'down', 5000);
  });

  it('go on when a NAT forgets them and when the relay restarts', async () => {
    const port = await freePort();
    const sharedKey = generateSharedKey();
    const listen = { host: '127.0.0.1', port };
    const [studio, first] = [node(generatePrivateKey()), node(generatePrivateKey())];
    const nat = await startNat(port);
    const near = await first.open(linkOptions({ listen, sharedKey }));
    const far = await studio.open(linkOptions({ to: [linkAddress('udp', '127.0.0.1', nat.port)], sharedKey }));
    const store = testStore('/live');
    far.publish(store);
    const listener = new Listener('/live');
    near.subscribe(listener.channel);
    let number = 0;
    const timer = setInterval(() => appendFrame(store, number++), 20);
    try {
      await until('the stream', () => listener.frames.length > 20, 10_000);
      nat.rebind();
      const before = listener.frames.length;
      await until('the stream again', () => listener.frames.length > before + 20, 10_000);
      expect(near.status()[0]!.connects).toBe(1);
      await first.close();
      const held = listener.channel.position!;
      const again = new Listener('/live', held);
      const second = node(generatePrivateKey());
      (await second.open(linkOptions({ listen, sharedKey }))).subscribe(again.channel);
      await until('the rest', () => again.frames.length > 20, 10_000);
      const all = [...listener.frames, ...again.frames];
      expect(all).toEqual(numbers(0, all.length));
      expect([...listener.gaps, ...again.gaps]).toEqual([]);
    } finally {
      clearInterval(timer);
      nat.close();
    }
  });

  it('show the certificate of the node, and its successor, while a link by TLS stays', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'distream-link-tls-'));
    const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    const renew = (certificate: string, key: string) => {
      writeFileSync(files.certificate, certificate);
      writeFileSync(files.key, key, { mode: 0o600 });
    };
    renew(LOCALHOST_CERTIFICATE, LOCALHOST_KEY);
    const port = await freePort();
    const sharedKey = generateSharedKey();
    const [studio, relay] = [node(generatePrivateKey()), node(generatePrivateKey(), files)];
    await relay.open(linkOptions({ listen: { host: '127.0.0.1', port }, sharedKey }));
    const far = await studio.open(linkOptions({ to: [linkAddress('tls', '127.0.0.1', port)], sharedKey }));
    await until('the link', () => far.status()[0]!.state === 'up', 10_000);
    expect(await shownCertificate(port)).toBe(new X509Certificate(LOCALHOST_CERTIFICATE).fingerprint256);
    renew(RENEWED_CERTIFICATE, RENEWED_KEY);
    const renewed = new X509Certificate(RENEWED_CERTIFICATE).fingerprint256;
    await until('the renewed certificate', async () => (await shownCertificate(port)) === renewed, 25_000);
    expect(far.status()[0]).toMatchObject({ state: 'up', connects: 1 });
    rmSync(folder, { recursive: true });
  }, 40_000);
});

/** Whose certificate a TLS port shows. */
function shownCertificate(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
