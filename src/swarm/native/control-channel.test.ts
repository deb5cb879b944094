import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { systemClock } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { SWARM_ALPN } from '../../protocols/swarm/peer-messages.ts';
import { SEALED_MARK } from '../../protocols/swarm/sealed-records.ts';
import { acceptPeer } from './accept-peer.ts';
import { connectServer } from './connect-server.ts';
import { ControlChannel, type SecuredConnection } from './control-channel.ts';
import { serverIdentity } from './server-identity.ts';

const identity = serverIdentity(Date.now());
const context = createSecureContext({ ...identity.certificate, minVersion: 'TLSv1.3' });

/** One end, and what it heard. */
class End {
  readonly channel: ControlChannel;
  readonly connection: SecuredConnection;
  heard = '';
  closed: string | undefined | false = false;
  onHeard = (_text: string): void => {};
  #changed = (): void => {};

  constructor(connection: SecuredConnection) {
    this.connection = connection;
    this.channel = new ControlChannel(connection, {
      onBytes: (bytes) => {
        this.heard += bytes;
        this.onHeard(String(bytes));
        this.#changed();
      },
      onClose: (reason) => {
        this.closed = reason;
        this.#changed();
      },
    });
    connection.tls.on('close', () => this.#changed());
  }

  /** Until something holds. */
  async until(check: () => boolean): Promise<void> {
    while (!check()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        setImmediate(resolve);
      });
    }
  }
}

let server: Server;
let port: number;
let clock: FakeClock;
const accepted: End[] = [];
const opened: End[] = [];

beforeEach(async () => {
  clock = new FakeClock();
  server = createServer((socket) => {
    acceptPeer(socket, context, clock, (connection) => accepted.push(new End(connection)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  for (const end of [...accepted.splice(0), ...opened.splice(0)]) end.channel.destroy();
  server.close();
});

function openTo(serverPort: number): Promise<SecuredConnection> {
  return connectServer({
    clock: systemClock,
    url: { host: '127.0.0.1', port: serverPort, path: '/', key: identity.publicKey },
    displayUrl: 'pdtps://there/',
    signal: new AbortController().signal,
  });
}

async function pair(): Promise<{ peer: End; conductor: End }> {
  const peer = new End(await openTo(port));
  opened.push(peer);
  await peer.until(() => accepted.length > 0);
  return { peer, conductor: accepted[0]! };
}

/** The conductor agrees as soon as it hears something, and the peer when it hears the answer. */
async function sealedPair(): Promise<{ peer: End; conductor: End }> {
  const both = await pair();
  const { peer, conductor } = both;
  conductor.onHeard = () => {
    conductor.onHeard = () => {};
    conductor.channel.send(Buffer.from('welcome '));
    conductor.channel.leaveTls('conductor');
    conductor.channel.send(Buffer.from('first '));
  };
  peer.onHeard = () => {
    peer.onHeard = () => {};
    peer.channel.leaveTls('peer');
  };
  return both;
}

describe('the channel between a peer and the conductor', () => {
  it('loses and swaps nothing when it leaves TLS, and gives TLS back', async () => {
    const { peer, conductor } = await sealedPair();
    peer.channel.send(Buffer.from('hello '));
    peer.channel.send(Buffer.from('want '));
    await peer.until(() => peer.heard.length >= 14);
    peer.channel.send(Buffer.from('have'));
    await conductor.until(() => conductor.heard.length >= 15);
    const large = 'x'.repeat(300_000);
    conductor.channel.send(Buffer.from(large));
    await peer.until(() => peer.heard.length >= large.length + 14);
    expect(conductor.heard).toBe('hello want have');
    expect(peer.heard).toBe(`welcome first ${large}`);
    await peer.until(() => peer.connection.tls.destroyed && conductor.connection.tls.destroyed);
    expect([peer.closed, conductor.closed]).toEqual([false, false]);
  });

  it('says the last words in sealed records, and closes', async () => {
    const { peer, conductor } = await sealedPair();
    peer.channel.send(Buffer.from('hello '));
    await peer.until(() => peer.heard.length >= 14);
    peer.channel.send(Buffer.from('bye'));
    peer.channel.end();
    await conductor.until(() => conductor.closed !== false);
    expect(conductor.heard).toBe('hello bye');
    await peer.until(() => peer.closed !== false);
  });

  it('stays with TLS for a peer of before, and closes when it does', async () => {
    const socket = connectTls({ host: '127.0.0.1', port, ALPNProtocols: [SWARM_ALPN], rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.write('hello');
    while (accepted.length === 0) await new Promise(setImmediate);
    const conductor = accepted[0]!;
    await conductor.until(() => conductor.heard === 'hello');
    conductor.channel.send(Buffer.from('welcome'));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(String(answer)).toBe('welcome');
    socket.end();
    await conductor.until(() => conductor.closed !== false);
  });

  it('is closed when sealed records come that were not agreed', async () => {
    const { peer, conductor } = await pair();
    peer.connection.tls.end(() =>
      peer.connection.socket.write(Buffer.from([SEALED_MARK, 0, 16, ...Array(16).fill(0)])),
    );
    await conductor.until(() => conductor.closed !== false);
    expect(conductor.heard).toBe('');
  });

  const MARK = Buffer.from([SEALED_MARK]);
  const BAD_RECORD = Buffer.from([0x17, 3, 3, 0, 40, ...Array(40).fill(9)]);

  it.each([
    ['the mark of a sealed record', MARK, 'TLS was cut'],
    ["a record of TLS that is not the other side's", BAD_RECORD, 'bad record mac'],
  ])('is closed on either side by %s, put in by somebody between', async (_, bytes, reason) => {
    for (const side of ['peer', 'conductor'] as const) {
      const both = await pair();
      const other = side === 'peer' ? both.conductor : both.peer;
      both[side].connection.socket.write(bytes);
      await other.until(() => other.closed !== false);
      expect(other.closed).toContain(reason);
      for (const end of [...accepted.splice(0), ...opened.splice(0)]) end.channel.destroy();
    }
  });

  it('is closed, and ends nothing else, by a record that came with the handshake', async () => {
    const between = createServer((socket) => {
      const there = connect(port, '127.0.0.1');
      socket.pipe(there);
      there.once('data', (flight: Buffer) => {
        socket.write(Buffer.concat([flight, BAD_RECORD]));
        there.pipe(socket);
      });
      for (const each of [socket, there]) each.on('error', () => {});
    });
    between.listen(0, '127.0.0.1');
    await once(between, 'listening');
    const peer = new End(await openTo((between.address() as AddressInfo).port));
    await peer.until(() => peer.closed !== false);
    between.close();
  });

  it('is closed when a record is not sealed by the other side', async () => {
    const { peer, conductor } = await sealedPair();
    peer.channel.send(Buffer.from('hello '));
    await conductor.until(() => conductor.connection.tls.destroyed);
    peer.connection.socket.write(Buffer.from([SEALED_MARK, 0, 16, ...Array(16).fill(0)]));
    await conductor.until(() => conductor.closed !== false);
    expect(conductor.closed).toContain('not sealed by the other side');
  });

  it('is closed when what is heard breaks the protocol', async () => {
    const { peer, conductor } = await pair();
    conductor.onHeard = () => {
      throw new ProtocolViolation('nonsense');
    };
    peer.channel.send(Buffer.from('hello'));
    await conductor.until(() => conductor.closed !== false);
    expect(conductor.closed).toContain('nonsense');
    await peer.until(() => peer.closed !== false);
  });

  it('is none when the handshake takes too long, is no TLS, or is for another protocol', async () => {
    const silent = connectTls({ host: '127.0.0.1', port, ALPNProtocols: ['http/1.1'], rejectUnauthorized: false });
    await expect(once(silent, 'secureConnect')).rejects.toThrow();
    const plain = connect(port, '127.0.0.1');
    plain.on('error', () => {});
    plain.write('GET / HTTP/1.1\r\n\r\n'.repeat(20));
    await once(plain, 'close');
    const late = connect(port, '127.0.0.1');
    late.on('error', () => {});
    late.resume();
    await once(late, 'connect');
    while (clock.pendingCount === 0) await new Promise(setImmediate);
    clock.advance(10_000);
    await once(late, 'close');
    expect(accepted).toHaveLength(0);
    expect(clock.pendingCount).toBe(0);
  });
});
