import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameServer, parseStreamUrl, resolveStreamUrl, withTarget } from './stream-url.ts';

describe('parseStreamUrl', () => {
  it('takes an address apart', () => {
    expect(parseStreamUrl(' http://us%65r:p%40ss@Radio.Example.:8000/live.mp3?key=1#x ')).toEqual({
      tls: false,
      host: 'radio.example',
      port: 8000,
      path: '/live.mp3',
      target: '/live.mp3?key=1',
      authority: 'radio.example.:8000',
      credentials: { user: 'user', password: 'p@ss' },
      display: 'http://radio.example.:8000/live.mp3',
    });
  });

  it('knows default ports, the missing path, IPv6 and icy', () => {
    expect(parseStreamUrl('https://radio.example')).toMatchObject({ tls: true, port: 443, target: '/' });
    expect(parseStreamUrl('icy://radio.example/x')).toMatchObject({ tls: false, port: 80, authority: 'radio.example' });
    expect(parseStreamUrl('http://[::1]:8000/')).toMatchObject({ host: '::1', authority: '[::1]:8000' });
    expect(parseStreamUrl('http://radio.example/;')?.target).toBe('/;');
    expect(parseStreamUrl('http://a:%zz@h/')?.credentials).toEqual({ user: 'a', password: '%zz' });
  });

  it.each([
    '',
    'live.mp3',
    'ftp://h/x',
    'file:///etc/passwd',
    'http://',
    'gopher://h/',
    `http://h/${'x'.repeat(3000)}`,
  ])('refuses %s', (text) => expect(parseStreamUrl(text)).toBeUndefined());

  it('never shows credentials or keys', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{6,12}$/), fc.stringMatching(/^[a-z]{6,12}$/), (password, key) => {
        const url = parseStreamUrl(`http://u:SECRET${password}@host/path?k=KEY${key}`)!;
        expect(url.display).not.toContain('SECRET');
        expect(url.display).not.toContain('KEY');
        expect(url.authority + url.target).not.toContain('SECRET');
      }),
    );
  });
});

describe('resolveStreamUrl', () => {
  const from = parseStreamUrl('http://u:p@radio.example:8000/dir/list.m3u?x=1')!;

  it('goes on from where the address was found, without its credentials', () => {
    expect(resolveStreamUrl('live.mp3', from)).toMatchObject({ display: 'http://radio.example:8000/dir/live.mp3' });
    expect(resolveStreamUrl('//other.example/x', from)).toMatchObject({ host: 'other.example', port: 80 });
    expect(resolveStreamUrl('/x', from)?.credentials).toBeUndefined();
  });

  it.each(['file:///etc/passwd', 'gopher://h/', 'icy://h/', 'javascript:1', 'data:,x', 'http://', 'http://a b/'])(
    'refuses %s',
    (text) => expect(resolveStreamUrl(text, from)).toBeUndefined(),
  );

  it('gives only ASCII without line ends, whatever it is given', () => {
    fc.assert(
      fc.property(fc.uint16Array({ maxLength: 60 }), (units) => {
        const url = resolveStreamUrl(`/a${String.fromCharCode(...units)}`, from);
        if (url) expect(`${url.target}${url.authority}${url.display}`).toMatch(/^[\x21-\x7e]*$/);
      }),
      { numRuns: 200 },
    );
  });
});

describe('isSameServer', () => {
  it('compares protocol, host and port', () => {
    const url = parseStreamUrl('http://radio.example/a')!;
    expect(isSameServer(url, withTarget(url, '/;'))).toBe(true);
    for (const other of ['https://radio.example/', 'http://radio.example:8000/', 'http://x.example/']) {
      expect(isSameServer(url, parseStreamUrl(other)!)).toBe(false);
    }
  });
});
