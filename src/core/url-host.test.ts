import { expect, it } from 'vitest';
import { urlHost } from './url-host.ts';

it('puts an IPv6 address of a URL in brackets, and nothing else', () => {
  expect(['::1', '127.0.0.1', 'radio.example'].map(urlHost)).toEqual(['[::1]', '127.0.0.1', 'radio.example']);
});
