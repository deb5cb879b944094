import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freeLoopbackPort, networkAddresses, nextFreePort } from './addresses.ts';

describe('nextFreePort', () => {
  it('gives the port that is asked for, or one after it when that is taken', async () => {
    const port = await freeLoopbackPort();
    expect(await nextFreePort('127.0.0.1', port)).toBe(port);
    const holder = createServer().listen({ host: '127.0.0.1', port });
    await once(holder, 'listening');
    expect(await nextFreePort('127.0.0.1', port)).toBeGreaterThan(port);
    holder.close();
  });

  it('says when the address is not on this machine', async () => {
    await expect(nextFreePort('192.0.2.1', 8000)).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
  });
});

describe('networkAddresses', () => {
  it('leaves out loopback, IPv6 and link-local addresses', () => {
    const entry = { netmask: '', mac: '', cidr: null };
    const found = networkAddresses({
      lo: [{ ...entry, address: '127.0.0.1', family: 'IPv4', internal: true }],
      eth0: [
        { ...entry, address: '192.0.2.7', family: 'IPv4', internal: false },
        { ...entry, address: '2001:db8::7', family: 'IPv6', internal: false, scopeid: 0 },
        { ...entry, address: '169.254.3.4', family: 'IPv4', internal: false },
      ],
    });
    expect(found).toEqual(['192.0.2.7']);
  });
});
