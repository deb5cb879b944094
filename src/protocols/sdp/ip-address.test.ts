import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBytes, addressKind, addressText } from './ip-address.ts';

describe('addresses', () => {
  it.each([
    ['239.69.1.2', 'multicast'],
    ['224.0.0.1', 'multicast'],
    ['192.168.1.1', 'unicast'],
    ['127.9.9.9', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['255.255.255.255', 'broadcast'],
    ['ff15::1', 'multicast'],
    ['2001:db8::1', 'unicast'],
    ['::1', 'loopback'],
    ['::', 'unspecified'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['mixer.example', 'name'],
    ['01.2.3.4', 'invalid'],
    ['1.2.3', 'invalid'],
    ['2130706433', 'invalid'],
    ['1.2.3.256', 'invalid'],
    ['a b', 'invalid'],
    ['', 'invalid'],
    ['fe80::1%eth0', 'invalid'],
    [':::', 'invalid'],
  ])('%s is %s', (text, kind) => {
    expect(addressKind(text)).toBe(kind);
  });

  it('agree with the platform about what an address is', () => {
    const part = fc.constantFrom(':', '::', '.', '0', '1', 'ff', '255', '256', 'abcd', 'g', '00', '192.0.2.1');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 17 }), (parts) => {
        const text = parts.join('');
        expect(addressBytes(text) !== undefined).toBe(isIP(text) !== 0);
      }),
      { numRuns: 300 },
    );
  });

  it('come back from their bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const bytes = addressBytes(text)!;
        expect(isIP(addressText(bytes))).toBe(bytes.length === 4 ? 4 : 6);
        expect(addressBytes(addressText(bytes))).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
    expect(addressText(addressBytes('2001:db8:0:0:1:0:0:0')!)).toBe('2001:db8:0:0:1::');
    expect(addressText(addressBytes('0:0:0:0:0:0:0:1')!)).toBe('::1');
    expect(addressText(Buffer.alloc(16))).toBe('::');
  });
});
