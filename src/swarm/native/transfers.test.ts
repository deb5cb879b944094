import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { MemoryLineCarrier } from '../../../test/support/memory-line-carrier.ts';
import { type LinkMessage, NONCE_BYTES } from '../../protocols/swarm/link-messages.ts';
import type { Receipt } from '../../protocols/swarm/peer-messages.ts';
import { grantToken, meetingIdentity, meetingKey } from '../../protocols/swarm/token.ts';
import { SERVER } from '../schedule/swarm.ts';
import type { Carrier, Line, LineHost } from './carrier.ts';
import { Giving } from './giving.ts';
import { PeerLines } from './peer-lines.ts';
import { ReachProbes } from './reach-probes.ts';
import { Taking } from './taking.ts';

const GIVER = 4;
const TAKER = 9;
const SECRET = Buffer.alloc(32, 1);
const CHUNK = Buffer.alloc(40_000, 7);
const grant = { giver: GIVER, taker: TAKER, file: 1, chunk: 2, expires: 60 };
const order = { ...grant, token: grantToken(SECRET, grant) };
const settle = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

async function pair(give: Partial<{ bytes: Buffer | undefined; nowSeconds: number; limit: number }> = {}) {
  const clock = new FakeClock();
  const ports = new Map<number, LineHost>();
  const nowSeconds = () => give.nowSeconds ?? 0;
  const receipts: Receipt[] = [];
  const kept: Buffer[] = [];
  const lost: boolean[] = [];
  const giverCarrier = new MemoryLineCarrier(ports);
  const giverLines: PeerLines = new PeerLines({
    carrier: giverCarrier,
    secret: () => SECRET,
    nowSeconds: () => 0,
    onMessage: (peer, message) => void (message.type === 'ask' && giving.ask(peer, message)),
    onOpen: () => {},
    onDrain: () => giving.pump(),
    onLost: () => {},
  });
  const giving = new Giving({
    clock,
    lines: giverLines,
    self: () => ({ peer: GIVER, secret: SECRET }),
    nowSeconds,
    read: async () => ('bytes' in give ? give.bytes : CHUNK),
    limitBytesPerSecond: give.limit,
  });
  let writes = 0;
  const sendBytes = giverLines.sendBytes.bind(giverLines);
  giverLines.sendBytes = (...args) => {
    writes++;
    return sendBytes(...args);
  };
  await giverCarrier.listen(giverLines, '', 8000);
  const meeting = { dialler: TAKER, expires: 100 };
  const heard: LinkMessage[] = [];
  const lines: PeerLines = new PeerLines({
    carrier: new MemoryLineCarrier(ports),
    secret: () => undefined,
    nowSeconds: () => 0,
    onMessage: (peer, message) => {
      heard.push(message);
      if (message.type === 'data') taking.data(peer, message);
      if (message.type === 'refuse') taking.refused(peer, message.file, message.chunk);
    },
    onOpen: (peer) => taking.opened(peer),
    onDrain: () => {},
    onLost: (peer, wasOpen) => {
      lost.push(wasOpen);
      taking.lost(peer, wasOpen);
    },
  });
  const target = { host: '', port: 8000, identity: meetingIdentity(meeting), key: meetingKey(SECRET, meeting) };
  const taking = new Taking({
    clock,
    lines,
    reach: (giver) => lines.dial(giver, target),
    lengthOf: (_file, chunk) => (chunk === 2 ? CHUNK.length : undefined),
    keep: async (_file, _chunk, bytes) => {
      kept.push(bytes);
      return bytes.equals(CHUNK);
    },
    tell: (receipt) => receipts.push(receipt),
  });
  return { clock, taking, receipts, kept, heard, lines, lost, writes: () => writes };
}

describe('the server', () => {
  it('sees that a peer answers beside the line of the two, which stays', async () => {
    const ports = new Map<number, LineHost>();
    const told: string[] = [];
    const carrier = new MemoryLineCarrier(ports);
    const lines = new PeerLines({
      carrier,
      secret: () => SECRET,
      nowSeconds: () => 0,
      onMessage: (_peer, { type }) => told.push(type),
      onOpen: (peer) => told.push(`open ${peer}`),
      onDrain: () => {},
      onLost: (peer) => told.push(`lost ${peer}`),
    });
    await carrier.listen(lines, '', 8000);
    const server = { accept: () => ({ onData() {}, onDrain() {}, onClose() {} }), keyOf: () => Buffer.alloc(16) };
    ports.set(6000, server);
    lines.dial(SERVER, { host: '', port: 6000, identity: '', key: Buffer.alloc(16) });
    await settle();
    const meeting = { dialler: SERVER, expires: 100 };
    const target = { host: '', port: 8000, identity: meetingIdentity(meeting), key: meetingKey(SECRET, meeting) };
    const probes = new ReachProbes(new FakeClock(), new MemoryLineCarrier(ports));
    expect(await probes.probe(target, Buffer.alloc(NONCE_BYTES, 5))).toBe(true);
    await settle();
    expect(told).toEqual(['open 0']);
    expect(lines.isOpen(SERVER)).toBe(true);
  });

  it('is let go by a peer that ends while it is asked whether it answers', () => {
    const told: string[] = [];
    const line = { send: () => true, close: () => void told.push('closed') };
    const lines = new PeerLines({
      carrier: new MemoryLineCarrier(new Map()),
      secret: () => SECRET,
      nowSeconds: () => 0,
      onMessage: () => {},
      onOpen: () => {},
      onDrain: () => {},
      onLost: () => {},
    });
    const identity = meetingIdentity({ dialler: SERVER, expires: 100 });
    lines.accept(line, identity);
    lines.close();
    lines.accept(line, identity);
    expect(told).toEqual(['closed', 'closed']);
  });

  it('closes the line to a peer that was connected too late', async () => {
    const clock = new FakeClock();
    const told: string[] = [];
    const line = { send: () => told.push('asked') > 0, close: () => void told.push('closed') };
    let connected = (_line: Line): void => {};
    const dial = () =>
      new Promise<Line>((resolve) => {
        connected = resolve;
      });
    const probes = new ReachProbes(clock, { dial } as unknown as Carrier);
    const target = { host: '', port: 8000, identity: '', key: SECRET };
    const outcome = probes.probe(target, Buffer.alloc(NONCE_BYTES, 5));
    await clock.run(4000);
    expect(await outcome).toBe(false);
    connected(line);
    await settle();
    expect(told).toEqual(['closed']);
  });
});

describe('who gives', () => {
  it('sends what is ordered of a live stream before all that waits, and other chunks in their turn', async () => {
    const clock = new FakeClock();
    const sent: number[] = [];
    const lines = {
      isOpen: () => true,
      hasRoom: () => true,
      send: () => true,
      sendBytes: (_peer: number, bytes: Buffer) => void sent.push(bytes.at(-1)!),
    };
    const giving = new Giving({
      clock,
      lines: lines as unknown as PeerLines,
      self: () => ({ peer: GIVER, secret: SECRET }),
      nowSeconds: () => 0,
      read: async (file, chunk) => Buffer.alloc(1000, 10 * file + chunk),
      limitBytesPerSecond: 1000,
      isLive: (file) => file === 2,
    });
    const ask = (file: number, chunk: number) => {
      const what = { file, chunk, expires: 60 };
      return giving.ask(TAKER, {
        type: 'ask',
        ...what,
        token: grantToken(SECRET, { giver: GIVER, taker: TAKER, ...what }),
      });
    };
    const push = (chunk: number) => {
      giving.push({ peer: TAKER, file: 2, chunk, bytes: Buffer.alloc(1000, 20 + chunk), untilMs: 60_000 });
    };
    push(1);
    push(2);
    await clock.run(1);
    await ask(1, 3);
    await ask(2, 4);
    await ask(2, 5);
    await clock.run(10_000);
    expect(sent).toEqual([21, 24, 25, 22, 13]);
  });
});

describe('a transfer between two peers', () => {
  it('brings the chunk, and the token counts once', async () => {
    const { taking, receipts, kept } = await pair();
    taking.order(order);
    await settle();
    expect(kept).toEqual([CHUNK]);
    expect(receipts).toEqual([{ file: 1, giver: GIVER, chunk: 2, outcome: 'ok' }]);
    taking.order(order);
    await settle();
    expect(receipts[1]?.outcome).toBe('refused');
  });

  it('is sent in pieces that with their heads fit into one record of TLS, in one write without a limit', async () => {
    const { taking, heard, writes } = await pair();
    taking.order(order);
    await settle();
    const sizes = heard.map((message) => (message.type === 'data' ? message.bytes.length : 0));
    expect(sizes.reduce((sum, size) => sum + size)).toBe(CHUNK.length);
    expect(Math.max(...sizes)).toBeLessThan(16_384 - 32);
    expect(writes()).toBe(1);
  });

  it('is sent piece by piece within a limit', async () => {
    const { taking, heard, writes, clock } = await pair({ limit: 13_000 });
    taking.order(order);
    await settle();
    expect(heard.length).toBe(0);
    await clock.run(1200);
    expect(writes()).toBe(heard.length);
    expect(heard.length).toBe(2);
  });

  it('is reported as bad when the bytes are wrong', async () => {
    const { taking, receipts } = await pair({ bytes: Buffer.alloc(CHUNK.length, 8) });
    taking.order(order);
    await settle();
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['bad']);
  });

  it.each([
    ['of another chunk', { ...order, token: grantToken(SECRET, { ...grant, chunk: 3 }) }],
    ['of another taker', { ...order, token: grantToken(SECRET, { ...grant, taker: 5 }) }],
    ['of another giver', { ...order, token: grantToken(Buffer.alloc(32), grant) }],
  ])('is refused with a token %s', async (_name, wrong) => {
    const { taking, receipts, kept } = await pair();
    taking.order(wrong);
    await settle();
    expect(kept).toEqual([]);
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['refused']);
  });

  it('is refused when the token has expired, and when the giver has no such chunk', async () => {
    for (const give of [{ nowSeconds: 61 }, { bytes: undefined }]) {
      const { taking, receipts } = await pair(give);
      taking.order(order);
      await settle();
      expect(receipts.map(({ outcome }) => outcome)).toEqual(['refused']);
    }
  });

  it('of what is there already is said to be held', async () => {
    const { taking, receipts } = await pair();
    taking.order({ ...order, chunk: 5 });
    expect(receipts).toEqual([{ file: 1, giver: GIVER, chunk: 5, outcome: 'held' }]);
  });

  it('is given up when the giver stops in the middle', async () => {
    const { taking, receipts, clock } = await pair({ limit: 1 });
    taking.order(order);
    await settle();
    await clock.run(5000);
    taking.tick();
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['lost']);
  });

  it('ends with its line', async () => {
    const { taking, receipts, lines, lost } = await pair({ limit: 1 });
    taking.order(order);
    await settle();
    lines.drop(GIVER);
    await settle();
    expect(lost).toEqual([true]);
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['lost']);
  });
});
