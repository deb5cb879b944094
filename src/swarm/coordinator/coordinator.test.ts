import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { linesOf, pdtpCapture } from '../../../test/support/pdtp-capture.ts';
import { type Order, type RigClient, SwarmRig } from '../../../test/support/swarm-rig.ts';
import { FILE_CHANGED } from './coordinator.ts';

const URL = 'http://example.com/small.bin';

/** The files of the recorded sessions: see their README. */
function recorded(name: string, bytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(bytes / 32) }, (_, index) =>
    createHash('sha256').update(`${name}-${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, bytes);
}

function swarm(): { rig: SwarmRig; seed: RigClient; taker: RigClient } {
  const rig = new SwarmRig();
  rig.publish('/small.bin', recorded('small', 23_456), 5000);
  const seed = rig.connect();
  seed.say(['client_info', { client_id: 'seed', listen_port: 8000 }], ['provide', { url: URL }]);
  const taker = rig.connect();
  taker.say(['client_info', { client_id: 'taker', listen_port: 8100 }], ['request', { url: URL }]);
  return { rig, seed, taker };
}

/** The taker says that it got what an order names. */
function complete(rig: SwarmRig, taker: RigClient, order: Order, hash?: string): void {
  const { url, range, peer_id, host } = order;
  const file = rig.files.get('/small.bin')!;
  const right = rig.hash(file, Math.floor(range.min / file.chunkSize));
  taker.say(['completed', { url, range, peer_id, peer: host, hash: hash ?? right }]);
}

describe('recorded clients of DistribuStream in our swarm', () => {
  it.each([
    ['1-one-client', ['client'], 'small', 23_456],
    ['2-two-clients', ['client-a', 'client-b'], 'mid', 200_000],
  ] as const)(
    '%s: they get every chunk, each with the answers that the original gave',
    async (folder, names, file, size) => {
      const rig = new SwarmRig();
      rig.publish(`/${file}.bin`, recorded(file, size), 5000);
      const seed = rig.connect();
      const seedLines = linesOf(pdtpCapture(`${folder}/pdtp-seed.client`));
      for (const line of seedLines.filter((each) => /client_info|provide/.test(each)))
        seed.sayBytes(Buffer.from(`${line}\n`));
      for (const name of names) {
        const client = rig.connect();
        const said = linesOf(pdtpCapture(`${folder}/pdtp-${name}.client`));
        for (const line of said.filter((each) => !/completed|ask_verify/.test(each)))
          client.sayBytes(Buffer.from(`${line}\n`));
        await rig.turn();
        const isFirst = name === names[0];
        // the first one can only have it from the seed, as it was recorded: so its own reports fit the orders
        const reports = isFirst ? said.filter((line) => line.includes('"hash":"')) : [];
        for (const line of reports) {
          client.sayBytes(Buffer.from(`${line}\n`));
          await rig.turn();
        }
        if (!isFirst) continue;
        const told = linesOf(pdtpCapture(`${folder}/pdtp-${name}.server`));
        const own = (lines: readonly string[]) => lines.filter((line) => /tell_info|transfer|hash_verify/.test(line));
        const withoutVersion = client.lines.map((line) => line.replace(/,"version":"[^"]*"/, ''));
        expect(own(withoutVersion).sort()).toEqual(own(told).sort());
        expect(client.member()!.holdings.get(`/${file}.bin`)!.requested.isEmpty).toBe(true);
      }
    },
  );
});

describe('a coordinator', () => {
  it('orders what is wanted from who has it, and makes the taker a giver', async () => {
    const { rig, taker } = swarm();
    await rig.turn();
    const orders = taker.takeOrders();
    expect(orders.map(({ range }) => range.min)).toEqual([0, 5000, 10_000, 15_000, 20_000]);
    expect(orders[4]).toMatchObject({
      host: '127.0.0.1',
      port: 8000,
      peer_id: 'seed',
      range: { min: 20_000, max: 23_455 },
    });
    for (const order of orders) complete(rig, taker, order);
    await rig.turn();
    expect(taker.lines.filter((line) => line.includes('"hash_ok":true'))).toHaveLength(5);
    const third = rig.connect();
    third.say(['client_info', { client_id: 'third', listen_port: 8200 }], ['request', { url: URL }]);
    await rig.turn();
    expect(new Set(third.takeOrders().map(({ peer_id }) => peer_id)).has('taker')).toBe(true);
  });

  it('authorizes the very transfer while it stands, and nothing else', async () => {
    const { rig, seed, taker } = swarm();
    await rig.turn();
    const [order] = taker.takeOrders();
    const ask = (change: object) => {
      const question = { url: URL, range: order!.range, peer: '127.0.0.1', peer_id: 'taker', ...change };
      seed.say(['ask_verify', question]);
      return seed.lines.at(-1)!.includes('"is_authorized":true');
    };
    expect(ask({})).toBe(true);
    expect(ask({ url: 'http://other.example:6086/small.bin?x' })).toBe(true);
    expect(ask({ range: { min: 0, max: 4998 } })).toBe(false);
    expect(ask({ peer_id: 'stranger' })).toBe(false);
    expect(ask({ url: 'http://example.com/nothing' })).toBe(false);
    complete(rig, taker, order!);
    expect(ask({})).toBe(false);
  });

  it('tells a wrong hash, rests the giver, and tries again later', async () => {
    const { rig, taker } = swarm();
    await rig.turn();
    const orders = taker.takeOrders();
    complete(rig, taker, orders[0]!, '0'.repeat(64));
    await rig.turn();
    expect(taker.lines.at(-1)).toContain('"hash_ok":false');
    expect(taker.takeOrders()).toEqual([]);
    rig.clock.advance(3000);
    rig.coordinator.tick();
    await rig.turn();
    expect(taker.takeOrders().map(({ range }) => range.min)).toEqual([0]);
  });

  it('bars a giver that three takers had wrong bytes of, and not for the word of one', async () => {
    const { rig, seed } = swarm();
    for (const id of ['a', 'b', 'c']) {
      expect(seed.member()!.isBarred).toBe(false);
      const taker = rig.connect();
      taker.say(
        ['client_info', { client_id: id, listen_port: 0 }],
        ['request', { url: URL, range: { min: 0, max: 1 } }],
      );
      for (let round = 0; round < 4; round++) {
        await rig.turn();
        for (const order of taker.takeOrders()) complete(rig, taker, order, 'f'.repeat(64));
        rig.clock.advance(60_000);
      }
    }
    await rig.turn();
    expect(seed.member()!.isBarred).toBe(true);
  });

  it('gives up a silent transfer and frees the chunk', async () => {
    const { rig, taker } = swarm();
    await rig.turn();
    expect(taker.takeOrders()).toHaveLength(5);
    rig.clock.advance(20_001);
    rig.coordinator.tick();
    expect(rig.coordinator.transfers.size).toBe(0);
    rig.clock.advance(3000);
    rig.coordinator.tick();
    await rig.turn();
    expect(taker.takeOrders()).toHaveLength(5);
  });

  it('forgets who leaves, and its id is free again', async () => {
    const { rig, seed, taker } = swarm();
    await rig.turn();
    rig.coordinator.leave(seed.member()!);
    expect(rig.coordinator.transfers.size).toBe(0);
    await rig.turn();
    taker.takeOrders();
    const again = rig.connect();
    again.say(['client_info', { client_id: 'seed', listen_port: 8000 }], ['provide', { url: URL }]);
    expect(again.closedBy()).toBeUndefined();
    await rig.turn();
    expect(taker.takeOrders()).toHaveLength(5);
  });

  it('tells takers when a file changes, and pairs nobody over two versions', async () => {
    const { rig, taker } = swarm();
    await rig.turn();
    const [order] = taker.takeOrders();
    const old = rig.files.get('/small.bin')!;
    rig.clock.advance(1);
    rig.publish('/small.bin', recorded('other', 23_456), 5000);
    rig.coordinator.fileChanged(old);
    expect(taker.lines.at(-1)).toContain(FILE_CHANGED);
    complete(rig, taker, order!);
    await rig.turn();
    expect(taker.lines.at(-1)).toMatch(/unknown transfer/);
    taker.say(['request', { url: URL }]);
    await rig.turn();
    expect(taker.takeOrders()).toEqual([]);
  });

  it.each([
    ['one at an address for documents', '192.0.2.77', '8.8.8.8', false],
    ['one behind another NAT', '192.168.1.5', '8.8.8.8', false],
    ['one of the same kind of network', '192.168.1.5', '192.168.1.9', true],
    ['a public one', '1.1.1.1', '8.8.8.8', true],
    ['a multicast address', '224.0.0.1', '224.0.0.1', false],
  ])('introduces only where it may: %s', async (_, giverAddress, takerAddress, isAllowed) => {
    const rig = new SwarmRig();
    rig.publish('/small.bin', recorded('small', 5000), 5000);
    const giver = rig.connect({ address: giverAddress });
    giver.say(['client_info', { client_id: 'giver', listen_port: 8000 }], ['provide', { url: URL }]);
    const taker = rig.connect({ address: takerAddress });
    taker.say(['client_info', { client_id: 'taker', listen_port: 8000 }], ['request', { url: URL }]);
    await rig.turn();
    expect(taker.takeOrders().map(({ host }) => host)).toEqual(isAllowed ? [giverAddress] : []);
  });

  it.each([0, 22, 1023, 6379, 70_000])('introduces nobody to port %d', async (port) => {
    const rig = new SwarmRig();
    rig.publish('/small.bin', recorded('small', 5000), 5000);
    rig.connect().say(['client_info', { client_id: 'giver', listen_port: port }], ['provide', { url: URL }]);
    const taker = rig.connect();
    taker.say(['client_info', { client_id: 'taker', listen_port: 8000 }], ['request', { url: URL }]);
    await rig.turn();
    expect(taker.takeOrders()).toEqual([]);
  });

  it('does not let a file that nobody has hold up the others', async () => {
    const { rig, taker } = swarm();
    rig.publish('/lonely.bin', recorded('lonely', 100_000), 5000);
    const eager = rig.connect();
    eager.say(
      ['client_info', { client_id: 'eager', listen_port: 8300 }],
      ['request', { url: 'http://example.com/lonely.bin' }],
      ['request', { url: URL }],
    );
    await rig.turn();
    expect(eager.takeOrders().length).toBeGreaterThan(0);
    expect(taker.takeOrders().length).toBeGreaterThan(0);
  });
});
