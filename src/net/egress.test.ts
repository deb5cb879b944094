import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressClass, addressBytes, classifyAddress, createEgressPolicy } from './egress.ts';

const CLASSES: [AddressClass, string[]][] = [
  [
    'loopback',
    ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::127.0.0.1', '64:ff9b::7f00:1'],
  ],
  ['loopback', ['2002:7f00:1::', '0:0:0:0:0:ffff:7f00:0001', '::ffff:0:127.0.0.1', '0:0:0:0:0:0:0:1']],
  ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fdff::1', 'fec0::1']],
  ['private', ['::ffff:10.0.0.1', '64:ff9b:1::7f00:1', '64:ff9b::a00:1', '2002:c0a8:101::1']],
  ['link-local', ['169.254.169.254', 'fe80::1', 'febf::1', 'fe80::1%eth0', '::ffff:a9fe:a9fe']],
  ['carrier-grade NAT', ['100.64.0.1', '100.127.255.255']],
  ['documentation', ['192.0.2.1', '198.51.100.7', '203.0.113.9', '2001:db8::1', '3fff::1', '3fff:fff::1']],
  ['benchmark', ['198.18.0.1', '198.19.255.255', '2001:2::1']],
  ['multicast', ['224.0.0.1', '239.255.255.255', 'ff02::1', '::ffff:224.0.0.1']],
  ['broadcast', ['255.255.255.255']],
  ['unspecified', ['0.0.0.0', '0.1.2.3', '::', '::ffff:0.0.0.0', '::0.0.0.2']],
  ['reserved', ['240.0.0.1', '192.0.0.8', '192.88.99.1', '2001::1', '2001:10::1', '100::1', '4000::1', '5f00::1']],
  ['reserved', ['', 'localhost', '127.1', '0x7f.1', '2130706433', '0177.0.0.1', '::g', '1.2.3.4.5']],
  ['public', ['1.1.1.1', '100.63.255.255', '100.128.0.1', '172.15.0.1', '172.32.0.1', '198.17.0.1', '198.20.0.1']],
  ['public', ['223.255.255.255', '2606:4700::1111', '64:ff9b::101:101', '::ffff:8.8.8.8', '2002:808:808::1']],
  ['public', ['192.0.3.1', '3fff:1000::1', '2001:200::1', '126.255.255.255', '128.0.0.1']],
];

describe('classifyAddress', () => {
  for (const [kind, addresses] of CLASSES) {
    it.each(addresses)(`${kind}: %s`, (address) => expect(classifyAddress(address)).toBe(kind));
  }

  it('says of an address inside IPv6 what it says of the address', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a, b, c, d] = addressBytes(address)!;
        const hex = `${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`;
        fc.pre(hex !== '0:0' && hex !== '0:1'); // :: and ::1 are themselves
        for (const outer of [`::ffff:${address}`, `::${hex}`, `64:ff9b::${hex}`, `2002:${hex}::`]) {
          expect(classifyAddress(outer), outer).toBe(classifyAddress(address));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('addressBytes', () => {
  it('reads every way of writing an IPv6 address', () => {
    const full = [0x20, 0x01, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    for (const text of ['2001:db8::1', '2001:DB8:0:0:0:0:0:1', '2001:0db8::0.0.0.1', '2001:db8:0:0::1%en0']) {
      expect(addressBytes(text), text).toEqual(full);
    }
    expect(addressBytes('1::')).toEqual([0, 1, ...new Array(14).fill(0)]);
  });

  it('always gives 4 or 16 bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), fc.ipV4(), fc.string()), (text) => {
        const bytes = addressBytes(text);
        if (bytes) expect([4, 16]).toContain(bytes.length);
        for (const byte of bytes ?? []) expect(byte >= 0 && byte <= 255).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('createEgressPolicy', () => {
  const policy = createEgressPolicy({
    allow: { has: (address) => address === '10.9.9.9' },
    own: () => ['8.8.4.4', '2606:4700::1'],
  });

  it('lets the operator go anywhere that a stream can be', () => {
    for (const address of ['127.0.0.1', '192.168.1.2', 'fe80::1', '100.64.1.1', '1.1.1.1', '8.8.4.4']) {
      expect(policy.refusal(address, true), address).toBeUndefined();
    }
    expect(policy.refusal('224.0.0.1', true)).toBe('multicast');
    expect(policy.refusal('::', true)).toBe('unspecified');
    expect(policy.refusal('::ffff:0.0.0.0', true)).toBe('unspecified');
  });

  it('lets a peer lead only to public places', () => {
    for (const [kind, addresses] of CLASSES) {
      for (const address of addresses) {
        expect(policy.refusal(address, false), address).toBe(kind === 'public' ? undefined : kind);
      }
    }
  });

  it('does not let a peer lead to the machine itself by its public address', () => {
    expect(policy.refusal('8.8.4.4', false)).toBe('own');
    expect(policy.refusal('::ffff:8.8.4.4', false)).toBe('own');
    expect(policy.refusal('2606:4700:0::1', false)).toBe('own');
  });

  it('allows what is listed', () => {
    expect(policy.refusal('10.9.9.9', false)).toBeUndefined();
    expect(policy.refusal('10.9.9.8', false)).toBe('private');
  });
});
