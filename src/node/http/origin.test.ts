import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { baseUrlOf } from './origin.ts';

function requestOf(host: string | undefined, localAddress: string): IncomingMessage {
  return { headers: { host }, socket: { localAddress, localPort: 8000 } } as unknown as IncomingMessage;
}

describe('baseUrlOf', () => {
  it.each([
    ['radio.example', '127.0.0.1', 'http://radio.example'],
    ['Radio.Example:8000', '127.0.0.1', 'http://radio.example:8000'],
    [undefined, '192.0.2.1', 'http://192.0.2.1:8000'],
    [undefined, '::ffff:192.0.2.1', 'http://[::ffff:192.0.2.1]:8000'],
    [undefined, 'fe80::1%eth0', 'http://[fe80::1]:8000'],
    ['"><script>', '127.0.0.1', 'http://127.0.0.1:8000'],
    ['1.2.3.999', '127.0.0.1', 'http://127.0.0.1:8000'],
    ['a:99999', '127.0.0.1', 'http://127.0.0.1:8000'],
    ['user@evil.test', '127.0.0.1', 'http://127.0.0.1:8000'],
  ])('of Host %s at %s is %s, always an address that URL takes', (host, localAddress, expected) => {
    const baseUrl = baseUrlOf(requestOf(host, localAddress), false);
    expect(baseUrl).toBe(expected);
    expect(URL.canParse(baseUrl)).toBe(true);
  });
});
