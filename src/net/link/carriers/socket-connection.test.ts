import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.ts';
import { FakeClock, settle } from '../../../../test/support/fake-clock.ts';
import { FakeSocket } from '../../../../test/support/fake-socket.ts';
import { StreamCarrierRig, StreamEnd } from '../../../../test/support/stream-carriers.ts';
import { encodeFrame, OPCODE } from '../../../protocols/websocket/frame.ts';
import { LengthWire, type MessageWire, WebSocketWire } from './message-wire.ts';
import { SocketConnection } from './socket-connection.ts';

const FULL_BYTES = 65_536;
const MESSAGE = Buffer.alloc(1_000, 'm');
const MASK = Buffer.of(1, 2, 3, 4);

class TestSocket extends FakeSocket {
  setNoDelay(): this {
    return this;
  }
}

let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock();
});

async function open(wire: MessageWire = new LengthWire()): Promise<{ socket: TestSocket; end: StreamEnd }> {
  const socket = new TestSocket();
  const carrier = wire instanceof LengthWire ? 'tls' : 'ws';
  const end = new StreamEnd(new SocketConnection({ socket: socket.socket, carrier, wire, clock }));
  await settle();
  return { socket, end };
}

function sendUntilFull(end: StreamEnd): number {
  for (let count = 1; count < 20_000; count++) if (!end.connection.send(MESSAGE)) return count;
  throw new Error('was never full');
}

describe('a connection whose peer does not read', () => {
  it('is full at 64 KiB, drops nothing, and tells when it takes more', async () => {
    const { socket, end } = await open();
    socket.stall();
    const count = sendUntilFull(end);
    expect(count).toBe(Math.ceil((FULL_BYTES + 1) / (MESSAGE.length + 2)));
    expect(end.connection.send(MESSAGE)).toBe(false);
    await settle();
    expect(end.writableCount).toBe(0);
    socket.resumeReading();
    await settle();
    expect(end.writableCount).toBe(1);
    expect(socket.received.length).toBe((count + 1) * (MESSAGE.length + 2));
    expect(end.connection.send(MESSAGE)).toBe(true);
    await settle();
    expect(end.writableCount).toBe(1);
  });

  it('ends when its owner sends on for a megabyte', async () => {
    const { socket, end } = await open();
    socket.stall();
    for (let count = 0; count < 1_100; count++) end.connection.send(MESSAGE);
    await settle();
    expect(end.reasons).toEqual(['the peer does not read']);
    expect(socket.destroyed).toBe(true);
  });

  it('gets no answer to pings above that', async () => {
    const { socket, end } = await open(new WebSocketWire('server'));
    socket.stall();
    const ping = encodeFrame({ opcode: OPCODE.ping, payload: Buffer.alloc(125), mask: MASK });
    for (let count = 0; count < 1_000; count++) socket.push(Buffer.from(ping));
    await settle();
    expect(socket.writableLength).toBeGreaterThan(FULL_BYTES - 200);
    expect(socket.writableLength).toBeLessThan(FULL_BYTES + 200);
    expect(end.reasons).toEqual([]);
  });

  it('is let go a second after it was closed', async () => {
    const { socket, end } = await open();
    socket.stall();
    end.connection.send(MESSAGE);
    end.connection.close();
    await clock.run(999);
    expect(socket.destroyed).toBe(false);
    await clock.run(1);
    expect([socket.destroyed, clock.pendingCount, end.reasons]).toEqual([true, 0, []]);
  });
});

describe('a connection', () => {
  it('tells what happened before its owner listened', async () => {
    const socket = new TestSocket();
    const connection = new SocketConnection({ socket: socket.socket, carrier: 'tls', wire: new LengthWire(), clock });
    socket.push(Buffer.from('0002', 'hex'));
    socket.destroy();
    await Promise.resolve();
    const end = new StreamEnd(connection);
    await settle();
    expect(end.reasons).toEqual(['the peer closed the connection']);
    expect(clock.pendingCount).toBe(0);
  });

  it('tells nothing more once it was closed, also from within a message', async () => {
    const { socket, end } = await open();
    end.onMessage = () => end.connection.close();
    socket.push(Buffer.from('000161000162', 'hex'));
    socket.push(null);
    await settle();
    expect([end.texts, end.reasons]).toEqual([['a'], []]);
    expect(clock.pendingCount).toBe(0);
  });

  it('masks each frame of a client anew', async () => {
    const { socket, end } = await open(new WebSocketWire('client'));
    for (let count = 0; count < 2_000; count++) end.connection.send(Buffer.of(1));
    await settle();
    const masks = new Set<string>();
    const { received } = socket;
    for (let at = 0; at < received.length; at += 7) masks.add(received.toString('hex', at + 2, at + 6));
    expect(masks.size).toBeGreaterThan(1_990);
  });
});

describe('a real connection', () => {
  let rig: StreamCarrierRig;

  beforeEach(() => {
    rig = new StreamCarrierRig();
  });

  afterEach(() => rig.close());

  it.each(['tls', 'wss', 'ws'] as const)('by %s hands over all that waited for a slow reader', async (carrier) => {
    await rig.listen();
    const near = await rig.dial({ carrier });
    near.connection.send(Buffer.alloc(300));
    const far = await rig.accepted();
    await far.untilMessages(1);
    far.connection.maxMessageBytes = 16_000;
    let sent = 0;
    const sendNext = () => near.connection.send(Buffer.alloc(16_000, sent++));
    for (let round = 1; round <= 20; round++) {
      while (sendNext());
      await eventually('room', () => near.writableCount === round);
    }
    expect(sent).toBe(20 * 5);
    await far.untilMessages(1 + sent);
    expect(far.messages.slice(1).map((message) => [message.length, message[0]])).toEqual(
      Array.from({ length: sent }, (_, index) => [16_000, index]),
    );
  });
});
