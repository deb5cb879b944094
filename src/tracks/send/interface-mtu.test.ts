import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { interfaceMtu } from './interface-mtu.ts';

const interfaces = {
  lo: [{ address: '127.0.0.1' }],
  'eth0:1': [{ address: '10.0.0.5' }],
  '../up': [{ address: '10.0.0.6' }],
} as unknown as NodeJS.Dict<NetworkInterfaceInfo[]>;

async function mtuOf(address: string, text: string): Promise<[number | undefined, string[]]> {
  const paths: string[] = [];
  const read = async (path: string) => {
    paths.push(path);
    if (text === '') throw new Error('no such file');
    return text;
  };
  return [await interfaceMtu(address, interfaces, read), paths];
}

describe('the largest packet of an interface', () => {
  it('is what the system says of the interface with the address', async () => {
    expect(await mtuOf('10.0.0.5', '900\n')).toEqual([900, ['/sys/class/net/eth0/mtu']]);
  });

  it('is not known where nothing tells, and no other file is read for it', async () => {
    expect(await mtuOf('127.0.0.1', '')).toEqual([undefined, ['/sys/class/net/lo/mtu']]);
    expect(await mtuOf('127.0.0.1', 'much')).toEqual([undefined, ['/sys/class/net/lo/mtu']]);
    expect(await mtuOf('10.9.9.9', '900')).toEqual([undefined, []]);
    expect(await mtuOf('10.0.0.6', '900')).toEqual([undefined, []]);
  });
});
