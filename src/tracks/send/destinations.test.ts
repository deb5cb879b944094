import { describe, expect, it } from 'vitest';
import { flowDestinations, localAddressTowards, ownGroup, redundancyDestination } from './destinations.ts';

const places = (flows: number, address: string, port = 5004) =>
  flowDestinations(flows, { address, port, ttl: 8 }).map((each) => `${each.address}:${each.port}`);

describe('destinations', () => {
  it('are even ports of a host, with room for RTCP between', () => {
    expect(places(3, '192.0.2.1')).toEqual(['192.0.2.1:5004', '192.0.2.1:5006', '192.0.2.1:5008']);
    expect(places(1, '::1')).toEqual(['::1:5004']);
  });

  it('are groups of their own in multicast, with a carry', () => {
    expect(places(3, '239.1.2.254')).toEqual(['239.1.2.254:5004', '239.1.2.255:5004', '239.1.3.0:5004']);
    expect(flowDestinations(1, { address: '239.1.2.3', port: 5004, ttl: 8 })[0]!.multicast).toEqual({
      ttl: 8,
      loopback: true,
    });
  });

  it('are refused when ports or groups do not suffice', () => {
    expect(() => places(2, '192.0.2.1', 65_534)).toThrow(/do not fit above port 65534/);
    expect(() => places(3, '239.255.255.254')).toThrow(/too few multicast groups/);
  });

  it('of redundancy are above all flows of a host, and beside a group', () => {
    const [unicast] = flowDestinations(1, { address: '192.0.2.1', port: 5004, ttl: 8 });
    const [group] = flowDestinations(1, { address: '239.1.2.3', port: 5004, ttl: 8 });
    expect([redundancyDestination(unicast!, 32).port, redundancyDestination(group!, 32).port]).toEqual([5068, 5006]);
    expect(() => redundancyDestination({ ...unicast!, port: 65_534 }, 1)).toThrow(/no port is left/);
  });

  it('have a default where AES67 and Dante devices look', () => {
    expect(ownGroup('studio')).toMatch(/^239\.69\.\d{1,3}\.1$/);
    expect(ownGroup('studio')).toBe(ownGroup('studio'));
  });
});

describe('our own address', () => {
  it('is the one that the destination sees', async () => {
    expect(await localAddressTowards('127.0.0.1')).toBe('127.0.0.1');
  });

  it('is refused when it is not of this machine', async () => {
    await expect(localAddressTowards('127.0.0.1', '192.0.2.77')).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
    await expect(localAddressTowards('239.1.2.3', '192.0.2.77')).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
  });
});
