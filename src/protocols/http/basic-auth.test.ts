import { describe, expect, it } from 'vitest';
import { parseBasicAuth } from './basic-auth.ts';

const basic = (bytes: Buffer | string) => parseBasicAuth(`Basic ${Buffer.from(bytes as string).toString('base64')}`);

describe('parseBasicAuth', () => {
  it('reads user and password in UTF-8 and Latin-1', () => {
    expect(basic('source:hack:me')).toEqual({ user: 'source', password: 'hack:me' });
    expect(basic('s:pässword')).toEqual({ user: 's', password: 'pässword' });
    expect(basic(Buffer.from('s:p\xe4ss', 'latin1'))).toEqual({ user: 's', password: 'päss' });
    expect(parseBasicAuth('bAsIc Og==')).toEqual({ user: '', password: '' });
  });

  it('takes nothing else', () => {
    for (const header of [
      undefined,
      '',
      'Basic',
      'Basic ',
      'Bearer Og==',
      'Basic !!!',
      'Basic Og== x',
      `Basic ${'A'.repeat(5000)}`,
    ]) {
      expect(parseBasicAuth(header)).toBeUndefined();
    }
    expect(basic('no colon')).toBeUndefined();
    expect(basic('nul:\0')).toBeUndefined();
  });
});
