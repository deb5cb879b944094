import { describe, expect, it } from 'vitest';
import { ConductorRig, type RigPeer, SERVER_SECRET } from '../../../test/support/conductor-rig.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { isGrantToken, meetingKey } from '../../protocols/swarm/token.ts';

const SERVER = 0;

/** Confirms what is ordered until nothing more comes. */
async function fetchAll(rig: ConductorRig, peer: RigPeer): Promise<number> {
  for (let count = 0, quiet = 0; ; ) {
    const orders = peer.takeOrders();
    peer.receipts(orders, 'ok');
    count += orders.length;
    quiet = orders.length > 0 ? 0 : quiet + 1;
    if (quiet > 120) return count;
    await rig.turn(50);
  }
}

describe('a conductor of files', () => {
  it('answers unknown paths without a word about them, and lets in only whom it admits', async () => {
    const rig = new ConductorRig({ admits: (path, ticket) => path !== '/b' || ticket.length > 0 });
    rig.publish('/b', 2);
    const peer = await rig.fetch('20.1.100.7', '/a');
    peer.want('/b');
    peer.want('/b', Buffer.of(1));
    await rig.turn();
    expect(peer.of('file').map(({ status }) => status)).toEqual(['unknown', 'refused', 'ok']);
  });

  it('agrees to what the peer and its connection both can', async () => {
    const rig = new ConductorRig();
    for (const [offered, agreed] of [
      [0, 0],
      [1, 1],
      [6, 0],
      [7, 1],
    ]) {
      const peer = await rig.join('20.1.100.7', { capabilities: offered! });
      expect(peer.of('welcome')).toMatchObject([{ capabilities: agreed }]);
    }
  });

  it('orders a chunk of the server with a token that only holds for it', async () => {
    const rig = new ConductorRig();
    rig.publish('/a', 4);
    const peer = await rig.fetch('20.1.100.7', '/a');
    expect(peer.of('meet')).toMatchObject([{ peer: SERVER, host: '203.0.113.1', port: 8000 }]);
    const [order] = peer.takeOrders();
    const { file, chunk, expires, token } = order!;
    const grant = { giver: SERVER, taker: peer.member.id, file, chunk, expires };
    expect(isGrantToken(token, SERVER_SECRET, grant)).toBe(true);
    expect(isGrantToken(token, SERVER_SECRET, { ...grant, chunk: chunk + 1 })).toBe(false);
  });

  it('orders nothing before a peer says that it can check what it gets', async () => {
    const rig = new ConductorRig();
    rig.publish('/a', 4);
    const peer = await rig.join('20.1.100.7');
    peer.want('/a');
    await rig.turn(1000);
    expect(peer.takeOrders()).toEqual([]);
  });

  it('brings the file to all, most of it from peers, and nothing from who only takes', async () => {
    const rig = new ConductorRig();
    const file = rig.publish('/a', 40);
    const first = await rig.fetch('20.1.100.7', '/a');
    const metered = await rig.fetch('20.1.101.7', '/a', { metered: true });
    const second = await rig.fetch('20.1.102.7', '/a');
    const givers = new Set<number>();
    const done = new Map<RigPeer, number>();
    for (let round = 0; round < 400; round++) {
      for (const peer of [first, metered, second]) {
        const orders = peer.takeOrders();
        for (const { giver } of orders) givers.add(giver);
        peer.receipts(orders, 'ok');
        done.set(peer, (done.get(peer) ?? 0) + orders.length);
      }
      await rig.turn(30);
    }
    expect([...done.values()]).toEqual([40, 40, 40]);
    expect(givers.has(metered.member.id)).toBe(false);
    const { tally } = [...rig.conductor.files][0]!;
    expect(tally.bytes).toBe(3 * file.size);
    expect(tally.bytesFromServer).toBeLessThan(1.8 * file.size);
  });

  it('lets who cannot be reached connect to who can, and never two of them meet', async () => {
    const rig = new ConductorRig();
    rig.firewalled.add('20.1.100.7').add('20.1.101.7');
    rig.publish('/a', 6);
    const hidden = await rig.fetch('20.1.100.7', '/a');
    await fetchAll(rig, hidden);
    const alsoHidden = await rig.fetch('20.1.101.7', '/a');
    await fetchAll(rig, alsoHidden);
    expect(alsoHidden.of('meet').map(({ peer }) => peer)).toEqual([SERVER]);
    const open = await rig.fetch('20.1.102.7', '/a');
    await fetchAll(rig, open);
    // the giver is told to connect, with a key that the taker can check
    const [meeting] = hidden.of('meet').filter(({ peer }) => peer === open.member.id);
    expect(meeting).toMatchObject({ host: '20.1.102.7', port: 8000 });
    const { expires, key } = meeting!;
    expect(key).toEqual(meetingKey(open.member.secret, { dialler: hidden.member.id, expires }));
    expect(open.of('meet').every(({ peer }) => peer === SERVER)).toBe(true);
  });

  it('asks who did not answer its nonce some times more, while it is there', async () => {
    const asked: string[] = [];
    const rig = new ConductorRig({
      probe: async ({ where }) => {
        asked.push(where.address);
        return false;
      },
    });
    const [stays, leaves] = [await rig.join('20.1.100.7'), await rig.join('20.1.101.7')];
    rig.conductor.leave(leaves.member);
    await rig.turn(60_000);
    expect(asked).toEqual(['20.1.100.7', '20.1.101.7', '20.1.100.7', '20.1.100.7', '20.1.100.7']);
    expect(stays.of('reached').map(({ isReachable }) => isReachable)).toEqual([false, false, false, false]);
    await rig.join('20.1.102.7');
    rig.conductor.close();
    const { length } = asked;
    await rig.turn(60_000);
    expect(asked).toHaveLength(length);
  });

  it('never sends anybody to a low port, a known service, or a private address from outside', async () => {
    const rig = new ConductorRig();
    rig.publish('/a', 4);
    const places = ['20.1.100.7', '20.1.101.7', '10.0.0.9'];
    for (const [at, listenPort] of [80, 6379, 8000].entries()) {
      await fetchAll(rig, await rig.fetch(places[at]!, '/a', { listenPort }));
    }
    const taker = await rig.fetch('20.1.103.7', '/a', { listenPort: 0 });
    await fetchAll(rig, taker);
    expect(taker.of('meet').map(({ peer }) => peer)).toEqual([SERVER]);
  });

  it('convicts a giver of whom several takers had wrong bytes, not one of whom a single one says so', async () => {
    const rig = new ConductorRig();
    rig.publish('/a', 60);
    const giver = await rig.fetch('20.1.100.7', '/a');
    await fetchAll(rig, giver);
    const complain = async (address: string) => {
      const peer = await rig.fetch(address, '/a');
      for (let round = 0; round < 300; round++) {
        const orders = peer.takeOrders();
        const [bad, good] = [
          orders.filter((one) => one.giver === giver.member.id),
          orders.filter((one) => one.giver === SERVER),
        ];
        peer.receipts(bad, 'bad');
        peer.receipts(good, 'ok');
        if (bad.length > 0) return;
        await rig.turn(50);
      }
      throw new Error('the giver never gave');
    };
    const standing = () => [...rig.conductor.files][0]!.judge.ledger.standing(giver.member.trustId);
    await complain('20.1.101.7');
    expect(standing()).toBe('suspect');
    await complain('20.1.102.7');
    expect(standing()).toBe('convicted');
    const late = await rig.fetch('20.1.103.7', '/a');
    for (let round = 0; round < 100; round++) {
      const orders = late.takeOrders();
      expect(orders.some((one) => one.giver === giver.member.id)).toBe(false);
      late.receipts(orders, 'ok');
      await rig.turn(50);
    }
  });

  it('cancels what a peer that leaves was to give, and what nobody hears of', async () => {
    const rig = new ConductorRig();
    rig.publish('/a', 3);
    const peer = await rig.fetch('20.1.100.7', '/a');
    const [lost] = peer.takeOrders();
    await rig.turn(12_500);
    expect(peer.of('cancel')).toContainEqual({ type: 'cancel', file: lost!.file, giver: SERVER, chunk: lost!.chunk });
    await fetchAll(rig, peer);
    const taker = await rig.fetch('20.1.101.7', '/a');
    let fromPeer = taker.takeOrders().find(({ giver }) => giver === peer.member.id);
    for (let round = 0; !fromPeer && round < 200; round++) {
      await rig.turn(50);
      fromPeer = taker.takeOrders().find(({ giver }) => giver === peer.member.id);
    }
    rig.conductor.leave(peer.member);
    const { file, giver, chunk } = fromPeer!;
    expect(taker.of('cancel')).toContainEqual({ type: 'cancel', file, giver, chunk });
  });

  it('tells its takers when a file has changed, and takes no receipts for it any more', async () => {
    const rig = new ConductorRig();
    const file = rig.publish('/a', 3);
    const peer = await rig.fetch('20.1.100.7', '/a');
    const orders = peer.takeOrders();
    rig.conductor.fileChanged(file);
    expect(peer.of('changed')).toHaveLength(1);
    peer.receipts(orders, 'ok');
    await rig.turn(1000);
    expect(rig.conductor.counters.good).toBe(0);
    expect(peer.takeOrders()).toEqual([]);
  });

  it('believes no receipt for what was never ordered, whatever a taker says', async () => {
    const rig = new ConductorRig();
    rig.publish('/a', 30);
    const giver = await rig.fetch('20.1.100.7', '/a');
    await fetchAll(rig, giver);
    const file = giver.of('file')[0]!.file;
    const before = rig.conductor.counters.good;
    for (const address of ['20.1.101.7', '20.1.102.7', '20.1.103.7']) {
      const liar = await rig.fetch(address, '/a', { gives: false });
      const ordered = new Set(liar.takeOrders().map(({ chunk }) => chunk));
      const never = Array.from({ length: 30 }, (_, chunk) => chunk).filter((chunk) => !ordered.has(chunk));
      const orders = never.map((chunk) => ({ file, giver: giver.member.id, chunk }));
      liar.receipts(orders, 'bad');
      liar.receipts([{ file, giver: giver.member.id, chunk: 9_999_999 }], 'ok');
      liar.receipts([{ file: 99, giver: 98, chunk: 0 }], 'bad');
    }
    expect(rig.conductor.counters.good).toBe(before);
    const { ledger } = [...rig.conductor.files][0]!.judge;
    expect(ledger.standing(giver.member.trustId)).not.toMatch(/suspect|convicted/);
  });

  it('sends away who says again and again that the server gives wrong bytes, and does not let it in again', async () => {
    const rig = new ConductorRig();
    rig.publish('/a', 30);
    const liar = await rig.fetch('20.1.100.7', '/a');
    let ordered = 0;
    for (let round = 0; round < 200 && !liar.isClosed; round++) {
      const orders = liar.takeOrders();
      ordered += orders.length;
      liar.receipts(orders, 'bad');
      await rig.turn(50);
    }
    expect(liar.isClosed).toBe(true);
    expect(ordered).toBeLessThanOrEqual(16);
    const again = await rig.fetch('20.1.100.7', '/a');
    expect(again.of('file').map(({ status }) => status)).toEqual(['refused']);
    await rig.turn(600_000);
    again.want('/a');
    await rig.turn();
    expect(again.of('file').at(-1)?.status).toBe('ok');
  });

  it('breaks with who speaks another version or says hello twice', async () => {
    const rig = new ConductorRig();
    await expect(rig.join('20.1.100.7', { version: 4 })).rejects.toThrow(ProtocolViolation);
    const peer = await rig.join('20.1.100.7');
    const hello = {
      type: 'hello',
      version: 3,
      capabilities: 0,
      listenPort: 0,
      key: Buffer.alloc(16),
      agent: '',
    } as const;
    expect(() => peer.say({ ...hello, gives: true, metered: false, upBytesPerSecond: 0 })).toThrow(ProtocolViolation);
    peer.say({ type: 'bye' });
    expect([peer.isClosed, rig.conductor.memberCount]).toEqual([true, 0]);
  });

  it('gives a peer no more than 64 files, however many it asks for at once', async () => {
    const rig = new ConductorRig();
    const peer = await rig.join('20.1.100.7');
    for (let file = 0; file < 70; file++) rig.publish(`/${file}`, 1);
    for (let file = 0; file < 70; file++) peer.want(`/${file}`);
    await rig.turn();
    expect(peer.of('file').filter(({ status }) => status === 'ok')).toHaveLength(64);
    expect(peer.of('file').filter(({ status }) => status === 'refused')).toHaveLength(6);
  });

  it('leaves no timer behind, also when a peer is being asked for its nonce or goes afterwards', async () => {
    let answer = (_isReachable: boolean): void => {};
    const probe = () =>
      new Promise<boolean>((resolve) => {
        answer = resolve;
      });
    const rig = new ConductorRig({ probe });
    const peer = await rig.join('20.1.100.7');
    rig.conductor.close();
    answer(false);
    await rig.turn();
    rig.conductor.leave(peer.member);
    expect(rig.clock.pendingCount).toBe(0);
  });
});
