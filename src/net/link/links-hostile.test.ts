import { describe, expect, it } from 'vitest';
import { Listener, numbers, testStore } from '../../../test/support/link-node.ts';
import { BY_UDP, LISTEN, LinkPair, relayKey, STUDIO, studioKey } from '../../../test/support/link-pair.ts';
import { Stranger } from '../../../test/support/link-stranger.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { type InitiatorCredentials, readHello } from '../../protocols/link/handshake.ts';
import { decodeHello } from '../../protocols/link/handshake-messages.ts';
import { generatePrivateKey, generateSharedKey, parseKey, publicKeyOf } from '../../protocols/link/keys.ts';
import { keyPairFrom, publicKeyFrom } from '../../protocols/noise/x25519.ts';

const raw = (text: string, kind: 'private' | 'public') => {
  const parsed = parseKey(text, kind);
  if (parsed.kind === 'invalid') throw new Error(parsed.reason);
  return parsed.raw;
};
const credentials = (own: string, remote = relayKey): InitiatorCredentials => ({
  kind: 'identity',
  identity: keyPairFrom(raw(own, 'private')),
  remoteIdentity: publicKeyFrom(raw(publicKeyOf(remote)!, 'public')),
});
const hello = (sessionId: string, version = 1) =>
  ({ type: 'hello', version, sessionId, instance: '00112233aabbccdd', maxAckDelayMs: 200 }) as const;

// A link over which a stream flows, to see that it does not suffer.
async function flowing() {
  const pair = new LinkPair();
  const near = await pair.listen();
  const far = await pair.dial({ to: BY_UDP });
  const store = testStore('/live');
  far.publish(store);
  const listener = new Listener('/live');
  near.subscribe(listener.channel);
  await pair.play(store, 10);
  const expectUntouched = async () => {
    const total = await pair.play(store, 10);
    await pair.clock.run(500);
    expect(listener.frames).toEqual(numbers(0, total));
    expect(near.status().filter(({ peer }) => peer === 'studio')).toMatchObject([{ state: 'up', connects: 1 }]);
  };
  return { pair, near, far, expectUntouched };
}

describe('a link that dials', () => {
  it('bears a peer that breaks the session, tries again with pauses, and takes no notice of others', async () => {
    const pair = new LinkPair();
    const far = await pair.dial({ to: BY_UDP });
    const port = await pair.network.carriers(LISTEN.host).openDatagramPort(LISTEN);
    const own = credentials(relayKey) as { kind: 'identity'; identity: ReturnType<typeof keyPairFrom> };
    let handshakes = 0;
    port.onDatagram = (datagram, from) => {
      if (datagram[0] !== 0x12) return;
      handshakes++;
      const { message, channel } = readHello(decodeHello(datagram), own).respond(handshakes, Buffer.alloc(0), 0);
      const forged = Buffer.from(message);
      forged[40]! ^= 1;
      for (const each of [Buffer.alloc(0), Buffer.alloc(21, 0x14), forged, message]) port.send(each, from);
      port.send(channel.sealer.seal(Buffer.from('ffffffff', 'hex'), 0), from);
    };
    await pair.clock.run(20_000);
    expect(far.status()[0]).toMatchObject({ state: 'connecting', paths: [] });
    expect(handshakes).toBeGreaterThan(5);
    expect(handshakes).toBeLessThan(40);
    expect(pair.studio.links.refusals()).toMatchObject({ protocol_violation: handshakes });
    port.close();
    await pair.listen();
    await pair.clock.run(3000);
    expect(far.status()[0]!.state).toBe('up');
  });
});

describe('a link that listens', () => {
  it.each([
    ['unknown_peer', { privateKey: generatePrivateKey() }],
    ['wrong_key', { peers: [{ name: 'relay', publicKey: publicKeyOf(generatePrivateKey()) }] }],
    ['wrong_credentials', { sharedKey: generateSharedKey() }],
  ])('refuses %s with one line and a counter, by both carriers', async (reason, options) => {
    const { pair, expectUntouched } = await flowing();
    const wrong = await pair.dial(options);
    await pair.clock.run(60_000);
    expect(wrong.status()).toMatchObject([{ state: 'connecting', connects: 0, paths: [] }]);
    expect(wrong.status()[0]!.lastError).toMatch(/wrong key/);
    expect(pair.relay.lines).toHaveLength(1);
    expect(pair.relay.lines[0]).toMatch(/^a link from 10\.0\.0\.1 was refused: it/);
    expect(pair.relay.links.refusals()[reason]).toBeGreaterThan(20);
    await expectUntouched();
  });

  it('answers garbage with nothing and says so once for a network', async () => {
    const { pair, expectUntouched } = await flowing();
    const stranger = await Stranger.at(pair.network, '10.6.6.6', LISTEN);
    const random = seededRandom(3);
    for (let length = 0; length < 1500; length += 3) {
      const bytes = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
      stranger.send(bytes);
    }
    for (const first of [0x12, 0x22, 0x10, 0x14, 0x16]) {
      const bytes = Buffer.alloc(300);
      bytes[0] = first;
      stranger.send(bytes);
    }
    await pair.clock.run(1000);
    expect(stranger.answers).toEqual([]);
    const refusals = pair.relay.links.refusals();
    expect(refusals.garbage).toBeGreaterThan(400);
    expect(refusals.version_mismatch).toBeGreaterThan(0);
    expect(refusals.unknown_connection).toBeGreaterThan(0);
    expect(pair.relay.lines.length).toBeLessThanOrEqual(2);
    await expectUntouched();
  });

  it('keeps nothing of a hello that is replayed from another address', async () => {
    const { pair, near, expectUntouched } = await flowing();
    const genuine = await Stranger.at(pair.network, STUDIO, LISTEN);
    const recorded = await genuine.greet(credentials(studioKey));
    const thief = await Stranger.at(pair.network, '10.6.6.6', LISTEN);
    for (let times = 0; times < 100; times++) thief.send(recorded);
    await pair.clock.run(100);
    expect(thief.answers).toHaveLength(100);
    expect(thief.answers.every((answer) => answer.length === 21)).toBe(true);
    expect(near.status()[0]!.paths).toHaveLength(1);
    await expectUntouched();
  });

  it('takes nothing of genuine messages that were changed, cut or repeated on the way, in any state', async () => {
    const pair = new LinkPair();
    const random = seededRandom(9);
    let answersToStranger = 0;
    let isBusy = false;
    pair.network.line.onDatagram = (datagram, from, to) => {
      if (to.address === '10.6.6.6') answersToStranger += datagram.length;
      if (isBusy || to.address === '10.6.6.6') return datagram;
      isBusy = true;
      const changed = Buffer.from(datagram);
      changed[Math.floor(random() * changed.length)]! ^= 1 << Math.floor(random() * 8);
      const stranger = { address: '10.6.6.6', port: 6 };
      for (const source of [from, stranger]) {
        for (const each of [changed, datagram.subarray(0, Math.floor(random() * datagram.length)), datagram]) {
          pair.network.arrive(each, source, to);
        }
      }
      isBusy = false;
      return datagram;
    };
    const near = await pair.listen();
    const far = await pair.dial({ to: BY_UDP });
    const store = testStore('/live');
    far.publish(store);
    const listener = new Listener('/live');
    near.subscribe(listener.channel);
    const total = await pair.play(store, 100);
    await pair.clock.run(1000);
    expect(listener.frames).toEqual(numbers(0, total));
    expect([listener.gaps, near.status()[0]!.connects, far.status()[0]!.connects]).toEqual([[], 1, 1]);
    expect(pair.relay.links.refusals()).toMatchObject({
      forged_record: expect.any(Number),
      duplicate_record: expect.any(Number),
    });
    // At most cookies: the stranger is never greeted, nor does the stream follow it.
    expect(answersToStranger).toBeLessThan(1000);
    expect(pair.relay.lines.length + pair.studio.lines.length).toBeLessThan(20);
  });

  it('answers 20,000 records with wrong tags with nothing, and one line', async () => {
    const { pair, expectUntouched } = await flowing();
    const records: { datagram: Buffer; to: { address: string; port: number } }[] = [];
    pair.network.line.onDatagram = (datagram, from, to) => {
      if (from.address === STUDIO && datagram[0] === 0x10) records.push({ datagram, to });
      return datagram;
    };
    await pair.clock.run(3000);
    pair.network.line.onDatagram = (datagram) => datagram;
    const { datagram, to } = records.at(-1)!;
    const stranger = await Stranger.at(pair.network, '10.6.6.6', LISTEN);
    for (let count = 0; count < 20_000; count++) {
      const forged = Buffer.from(datagram);
      forged.writeUInt32BE(datagram.readUInt32BE(5) + 1000 + count, 5);
      pair.network.arrive(forged, stranger.source, to);
    }
    await pair.clock.run(1000);
    expect(stranger.answers).toEqual([]);
    expect(pair.relay.links.refusals()).toMatchObject({ forged_record: 20_000 });
    expect(pair.relay.lines.length).toBeLessThanOrEqual(1);
    await expectUntouched();
  });

  it('gives a hello that comes again the same answer, and forgets it without a genuine record', async () => {
    const pair = new LinkPair();
    const near = await pair.listen();
    const stranger = await Stranger.at(pair.network, STUDIO, LISTEN);
    const last = await stranger.greet(credentials(studioKey));
    for (let times = 0; times < 50; times++) stranger.send(last);
    await pair.clock.run(100);
    const responses = stranger.answers.filter((answer) => answer[0] === 0x16);
    expect(responses).toHaveLength(51);
    expect(new Set(responses.map((each) => each.toString('hex'))).size).toBe(1);
    expect(near.status()).toEqual([]);
    await pair.clock.run(10_000);
    expect(pair.relay.links.refusals()).toEqual({ half_open_expired: 1 });
    stranger.say([hello('ab'.repeat(16))]);
    await pair.clock.run(100);
    expect(pair.relay.links.refusals()).toMatchObject({ unknown_connection: 1 });
    expect(near.status()).toEqual([]);
  });

  it.each([
    ['no frames', Buffer.from('ffffffff', 'hex'), 'protocol_violation'],
    ['another version of the session', [hello('ab'.repeat(16), 2)], 'version_mismatch'],
    [
      'what was never sent',
      [hello('ab'.repeat(16)), { type: 'ack', delayMs: 0, ranges: [{ start: 0, end: 9e9 }] } as const],
      'protocol_violation',
    ],
    [
      'a channel that was never opened',
      [hello('ab'.repeat(16)), { type: 'stop', channel: 5 } as const],
      'protocol_violation',
    ],
  ])('closes the path of a peer that sends %s', async (_, content, reason) => {
    const { pair, near, expectUntouched } = await flowing();
    const stranger = await Stranger.at(pair.network, STUDIO, LISTEN);
    await stranger.greet(credentials(studioKey));
    stranger.say(content);
    await pair.clock.run(100);
    expect(pair.relay.links.refusals()).toEqual({ [reason]: 1 });
    expect(near.status()[0]!.paths).toHaveLength(1);
    await expectUntouched();
  });

  it('lets a peer have 16 sessions that live, and forgets them when their paths are gone', async () => {
    const pair = new LinkPair();
    const near = await pair.listen();
    const strangers: Stranger[] = [];
    for (let count = 0; count < 18; count++) {
      const stranger = await Stranger.at(pair.network, STUDIO, LISTEN);
      await stranger.greet(credentials(studioKey));
      strangers.push(stranger);
    }
    for (const [count, stranger] of strangers.entries()) stranger.say([hello(count.toString(16).padStart(32, '0'))]);
    await pair.clock.run(50);
    expect(pair.relay.links.refusals()).toEqual({ too_many_sessions: 2 });
    expect(near.status()).toHaveLength(1);
    expect(near.status()[0]!.paths).toHaveLength(16);
    await pair.clock.run(130_000);
    expect(near.status()[0]!.paths).toEqual([]);
    await pair.relay.links.close();
    await pair.clock.run(1000);
    expect(pair.clock.pendingCount).toBe(0);
  });

  it.each([
    ['garbage', [Buffer.alloc(300, 7)], { garbage: 1 }],
    ['nothing', [], { half_open_expired: 1 }],
    ['more than a hello has', [Buffer.alloc(1201)], {}],
  ])('closes a stream connection that brings %s', async (_, messages, refusals) => {
    const { pair, expectUntouched } = await flowing();
    const connection = pair.network.connectTo({ address: '10.6.6.6', port: 5 }, LISTEN)!;
    let reason = '';
    connection.events = { message: () => {}, writable: () => {}, closed: (why) => (reason = why) };
    for (const message of messages) connection.send(message);
    await pair.clock.run(11_000);
    expect(reason).not.toBe('');
    expect(pair.relay.links.refusals()).toEqual(refusals);
    await expectUntouched();
  });
});
