import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLinkAddress } from './link-address.ts';

const spelled = (text: string) =>
  parseLinkAddress(text)?.map(({ carrier, host, port, path }) => `${carrier} ${host} ${port} ${path}`);

describe('the address of a link', () => {
  it.each([
    ['relay.example:4100', ['udp relay.example 4100 /', 'tls relay.example 4100 /']],
    ['relay.example', ['udp relay.example 4090 /', 'tls relay.example 4090 /']],
    ['[2001:db8::1]:5000', ['udp 2001:db8::1 5000 /', 'tls 2001:db8::1 5000 /']],
    ['[::1]', ['udp ::1 4090 /', 'tls ::1 4090 /']],
    ['udp://192.0.2.1:1', ['udp 192.0.2.1 1 /']],
    ['tls://relay', ['tls relay 4090 /']],
    ['wss://relay.example/link/a', ['wss relay.example 443 /link/a']],
    ['WSS://relay.example:8443', ['wss relay.example 8443 /']],
    ['ws://127.0.0.1/link', ['ws 127.0.0.1 80 /link']],
  ])('%s is read', (text, expected) => {
    expect(spelled(text)).toEqual(expected);
  });

  it.each([
    '',
    'http://relay',
    'relay:0',
    'relay:65536',
    'relay:',
    'user@relay',
    'wss://user:secret@relay/x',
    'tls://relay/path',
    'relay/path',
    '2001:db8::1',
    '[relay]:4090',
    'wss://relay/a b',
    'wss://relay/a?b',
    ' relay',
  ])('%j is none', (text) => {
    expect(parseLinkAddress(text)).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => void parseLinkAddress(text)),
      { numRuns: 200 },
    );
  });
});
