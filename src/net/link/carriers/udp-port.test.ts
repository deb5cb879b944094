import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.ts';
import type { DatagramSource } from '../../../protocols/link/address-proof.ts';
import { openDatagramPort, type UdpPort } from './udp-port.ts';

const ports: UdpPort[] = [];

afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

interface Received {
  readonly text: string;
  readonly from: DatagramSource;
}

async function open(host: string, port = 0): Promise<{ port: UdpPort; received: Received[] }> {
  const opened = await openDatagramPort({ host, port });
  ports.push(opened);
  const received: Received[] = [];
  opened.onDatagram = (datagram, from) => received.push({ text: datagram.toString('latin1'), from });
  return { port: opened, received };
}

describe('openDatagramPort', () => {
  it('carries datagrams both ways', async () => {
    const here = await open('127.0.0.1');
    const there = await open('127.0.0.5');
    expect(there.port.local).toBe(`127.0.0.5:${there.port.port}`);
    here.port.send(Buffer.from('hello'), { address: '127.0.0.5', port: there.port.port });
    const first = await eventually('the datagram', () => there.received[0]);
    expect(first).toEqual({ text: 'hello', from: { address: '127.0.0.1', port: here.port.port } });
    there.port.send(Buffer.alloc(0), first.from);
    await eventually('the answer', () => here.received.length > 0);
    expect(here.received[0]!.text).toBe('');
    expect([here.port.unsentCount, here.port.lastSendError]).toEqual([0, undefined]);
  });

  it('takes IPv4 and IPv6 on ::, and tells IPv4 as IPv4', async () => {
    const both = await open('::');
    const v4 = await open('127.0.0.1');
    const v6 = await open('::1');
    v4.port.send(Buffer.from('four'), { address: '127.0.0.1', port: both.port.port });
    v6.port.send(Buffer.from('six'), { address: '::1', port: both.port.port });
    await eventually('both datagrams', () => both.received.length === 2);
    expect(both.received.map(({ from }) => from.address).sort()).toEqual(['127.0.0.1', '::1']);
    for (const { text, from } of both.received) both.port.send(Buffer.from(`${text}!`), from);
    await eventually('both answers', () => v4.received.length === 1 && v6.received.length === 1);
    expect([v4.received[0]!.text, v6.received[0]!.text]).toEqual(['four!', 'six!']);
    expect(both.received.map(({ from }) => both.port.overheadBytes(from)).sort()).toEqual([28, 48]);
    expect(v6.port.local).toBe(`[::1]:${v6.port.port}`);
  });

  it('counts what cannot be sent, and goes on', async () => {
    const here = await open('127.0.0.1');
    const there = await open('127.0.0.1');
    const to = { address: '127.0.0.1', port: there.port.port };
    here.port.send(Buffer.alloc(65_508), to);
    expect([here.port.unsentCount, here.port.lastSendError]).toEqual([1, 'the datagram is too large']);
    here.port.send(Buffer.from('x'), { address: '::1', port: 9 });
    here.port.send(Buffer.from('x'), { address: 'no address', port: 9 });
    here.port.send(Buffer.from('x'), { address: '127.0.0.1', port: 0 });
    here.port.send(Buffer.from('x'), { address: '192.0.2.1', port: 9 });
    here.port.send(Buffer.from('through'), to);
    await eventually('the last datagram', () => there.received.length === 1);
    expect(here.port.unsentCount).toBeGreaterThanOrEqual(4);
    expect(here.port.lastSendError).toBeTypeOf('string');
    here.port.send(Buffer.alloc(65_507), to);
    await eventually('the largest datagram', () => there.received.length === 2);
  });

  it('survives that nobody is there, and being closed twice', async () => {
    const here = await open('127.0.0.1');
    const gone = await open('127.0.0.1');
    gone.port.close();
    gone.port.close();
    const to = { address: '127.0.0.1', port: gone.port.port };
    for (let count = 0; count < 10; count++) here.port.send(Buffer.from('x'), to);
    gone.port.send(Buffer.from('x'), to);
    const again = await open('127.0.0.1', gone.port.port);
    here.port.send(Buffer.from('there'), to);
    await eventually('the datagram', () => again.received.length > 0);
  });

  it('says why it cannot listen', async () => {
    const { port } = await open('127.0.0.1');
    await expect(openDatagramPort({ host: '127.0.0.1', port: port.port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(`(process ${process.pid})`),
    });
    for (const host of ['192.0.2.1', 'no such host', '2001:db8::1']) {
      await expect(openDatagramPort({ host, port: 0 })).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
    }
  });
});
