import { describe, expect, it } from 'vitest';
import { parseNetworkList } from './address.ts';
import { resolveClient } from './client-address.ts';

const proxies = parseNetworkList(['10.0.0.0/8', '2001:db8::/32']);
const resolve = (peer: string, header: string) =>
  resolveClient(peer, false, new Map([['x-forwarded-for', header]]), proxies).address;

describe('resolveClient', () => {
  it.each([
    ['10.0.0.1', '9.9.9.9', '9.9.9.9'],
    ['10.0.0.1', 'forged, 9.9.9.9', '9.9.9.9'],
    ['10.0.0.1', '9.9.9.9, 10.0.0.7', '9.9.9.9'],
    ['10.0.0.1', '10.0.0.9, 10.0.0.7', '10.0.0.9'],
    ['10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.1', 'unknown', '10.0.0.1'],
    ['10.0.0.1', '9.9.9.9, unknown', '10.0.0.1'],
    ['10.0.0.1', '9.9.9.9, , 10.0.0.2', '10.0.0.2'],
    ['10.0.0.1', '9.9.9.9:1234', '9.9.9.9'],
    ['10.0.0.1', '[2001:db9::1]:80', '2001:db9::1'],
    ['2001:db8::7', '::ffff:9.9.9.9', '9.9.9.9'],
    ['9.9.9.9', '1.2.3.4', '9.9.9.9'],
  ])('peer %s with %j is %s', (peer, header, client) => {
    expect(resolve(peer, header)).toBe(client);
  });

  it('looks at a few hops only', () => {
    expect(resolve('10.0.0.1', `9.9.9.9${', 10.0.0.2'.repeat(1000)}`)).toBe('10.0.0.2');
  });

  it('takes the scheme from a proxy, not from a stranger', () => {
    const headers = new Map([['x-forwarded-proto', 'https']]);
    expect(resolveClient('10.0.0.1', false, headers, proxies).secure).toBe(true);
    expect(resolveClient('9.9.9.9', false, headers, proxies).secure).toBe(false);
    expect(resolveClient('10.0.0.1', true, new Map([['x-forwarded-proto', 'http']]), proxies).secure).toBe(false);
  });
});
