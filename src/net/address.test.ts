import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeAddress, parseNetworkList, prefixKey } from './address.ts';

describe('normalizeAddress', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::ffff:102:304', '1.2.3.4'],
    ['0:0:0:0:0:FFFF:0102:0304', '1.2.3.4'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
  ])('%s is %s', (address, normal) => {
    expect(normalizeAddress(address)).toBe(normal);
  });

  it.each(['', 'localhost', '1.2.3', '0x7f.1', '127.1', '1.2.3.4.5', '::g', '1.2.3.4/8', '01.2.3.4'])(
    '%j is none',
    (text) => {
      expect(normalizeAddress(text)).toBeUndefined();
    },
  );
});

describe('prefixKey', () => {
  it('takes a /64 as one and an IPv4 address alone', () => {
    expect(prefixKey('2001:db8:1:2::1')).toBe(prefixKey('2001:db8:1:2:ffff::9'));
    expect(prefixKey('2001:db8:1:2::1')).not.toBe(prefixKey('2001:db8:1:3::1'));
    expect(prefixKey('::ffff:1.2.3.4')).toBe('1.2.3.4');
    expect(prefixKey('unknown')).toBe('unknown');
  });
});

describe('parseNetworkList', () => {
  it('finds addresses however they are written', () => {
    const list = parseNetworkList(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::ffff:172.16.0.0/108', ' ::1 ']);
    for (const address of [
      '10.9.9.9',
      '::ffff:10.1.1.1',
      '::ffff:a00:1',
      '192.0.2.7',
      '2001:DB8:9::1',
      '172.31.0.1',
      '::1',
    ]) {
      expect(list.has(address), address).toBe(true);
    }
    for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '172.32.0.1', '::2', 'x', '', '::10.0.0.1']) {
      expect(list.has(address), address).toBe(false);
    }
  });

  it('takes every network width', () => {
    expect(parseNetworkList(['0.0.0.0/0']).has('9.9.9.9')).toBe(true);
    expect(parseNetworkList(['0.0.0.0/0']).has('2001:db8::1')).toBe(false);
    expect(parseNetworkList(['::/0']).has('2001:db8::1')).toBe(true);
    expect(parseNetworkList([]).has('1.2.3.4')).toBe(false);
  });

  it.each([
    '',
    'host',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '127.1',
    '::ffff:1.2.3.4/90',
  ])('refuses %j', (entry) => {
    expect(() => parseNetworkList([entry])).toThrow(RangeError);
  });

  it('agrees with arithmetic for any IPv4 network', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const address = fc.tuple(byte, byte, byte, byte);
    const number = (bytes: number[]) => bytes.reduce((sum, each) => sum * 256 + each, 0);
    fc.assert(
      fc.property(address, address, fc.integer({ min: 0, max: 32 }), (network, other, bits) => {
        const size = 2 ** (32 - bits);
        const expected = Math.floor(number(network) / size) === Math.floor(number(other) / size);
        expect(parseNetworkList([`${network.join('.')}/${bits}`]).has(other.join('.'))).toBe(expected);
      }),
      { numRuns: 200 },
    );
  });
});
