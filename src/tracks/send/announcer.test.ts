import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { decodeSap } from '../../protocols/sap/packet.ts';
import { SapAnnouncer, type SapSocket } from './announcer.ts';

const SDPS = ['v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=a\r\n', 'v=0\r\no=- 2 1 IN IP4 10.0.0.1\r\ns=b\r\n'];

/** A socket that keeps what is sent, or fails. */
class MemorySocket extends EventEmitter {
  readonly sent: { kind: string; sdp: string; port: number; group: string }[] = [];
  readonly calls: string[] = [];
  failure: Error | undefined;

  bind(_options: unknown, done: () => void): void {
    done();
  }
  setMulticastInterface(address: string): void {
    this.calls.push(`from ${address}`);
  }
  setMulticastTTL(ttl: number): void {
    if (this.failure) throw this.failure;
    this.calls.push(`ttl ${ttl}`);
  }
  send(datagram: Buffer, port: number, group: string, done: (error: Error | null) => void): void {
    this.sent.push({ ...decodeSap(datagram), port, group });
    done(null);
  }
  close(): void {
    this.calls.push('closed');
  }
}

function rig() {
  const clock = new FakeClock();
  const socket = new MemorySocket();
  const problems: string[] = [];
  const announcer = new SapAnnouncer({
    sdps: SDPS,
    originAddress: '10.0.0.1',
    localAddress: '10.0.0.1',
    ttl: 5,
    clock,
    random: () => 0.5,
    onProblem: (reason) => problems.push(reason),
    newSocket: () => socket as unknown as SapSocket,
  });
  return { clock, socket, problems, announcer };
}

describe('announcing', () => {
  it('tells of every flow at once, often in the first minute, then from time to time, and deletes them at the end', async () => {
    const { clock, socket, announcer } = rig();
    announcer.start();
    expect(socket.calls).toEqual(['from 10.0.0.1', 'ttl 5']);
    expect(socket.sent.map(({ kind, sdp, port, group }) => [kind, sdp, port, group])).toEqual(
      SDPS.map((sdp) => ['announce', sdp, 9875, '239.255.255.255']),
    );
    clock.advance(60_000);
    expect(socket.sent.length).toBe(2 * 13);
    clock.advance(59_999);
    expect(socket.sent.length).toBe(2 * 14);
    await announcer.stop();
    expect(socket.sent.slice(2 * 14).map(({ kind, sdp }) => [kind, sdp])).toEqual([
      ['delete', 'o=- 1 1 IN IP4 10.0.0.1\r\n'],
      ['delete', 'o=- 2 1 IN IP4 10.0.0.1\r\n'],
    ]);
    expect([clock.pendingCount, socket.calls.at(-1)]).toEqual([0, 'closed']);
  });

  it('says once that it does not work, and stops nothing', async () => {
    const { clock, socket, problems, announcer } = rig();
    socket.failure = Object.assign(new Error('setMulticastTTL EINVAL'), { code: 'EINVAL' });
    announcer.start();
    socket.emit('error', new Error('again'));
    expect(problems.length).toBe(1);
    expect(clock.pendingCount).toBe(0);
    await announcer.stop();
    expect(socket.sent).toEqual([]);
  });
});
