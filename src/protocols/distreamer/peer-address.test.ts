import { describe, expect, it } from 'vitest';
import { parsePeerAddress } from './peer-address.ts';

describe('the address of a peer', () => {
  it.each([
    ['http://studio:4080', 'studio', 4080, 'studio:4080'],
    ['http://studio:4080/', 'studio', 4080, 'studio:4080'],
    ['studio.example.org:81', 'studio.example.org', 81, 'studio.example.org:81'],
    ['192.0.2.1', '192.0.2.1', 7, '192.0.2.1:7'],
    ['[2001:db8::1]:99', '2001:db8::1', 99, '[2001:db8::1]:99'],
  ])('%s is read', (text, host, port, display) => {
    expect(parsePeerAddress(text, 7)).toEqual({ host, port, display });
  });

  it.each([
    '',
    'https://studio',
    'http://user:pass@studio',
    'studio:0',
    'studio:65536',
    'studio/path',
    '2001:db8::1',
    'a b',
  ])('%j is none', (text) => {
    expect(parsePeerAddress(text, 7)).toBeUndefined();
  });
});
