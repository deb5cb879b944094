import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadError } from './head-error.ts';
import { parseQueryBytes, splitTarget } from './target.ts';

describe('splitTarget', () => {
  it('takes origin form, absolute form and the star', () => {
    expect(splitTarget('/a%20b.mp3?x=1&y=%97').path).toBe('/a b.mp3');
    expect(splitTarget('/a?x=1&y=2').query.get('y')).toBe('2');
    expect(splitTarget('/a?x=1?2').search).toBe('x=1?2');
    expect(splitTarget('http://host:8000/live?q')).toMatchObject({ path: '/live', search: 'q' });
    expect(splitTarget('http://host').path).toBe('/');
    expect(splitTarget('*').path).toBe('*');
    expect(splitTarget('/%c3%a9').path).toBe('/é');
    expect(splitTarget('/a;stream').path).toBe('/a;stream');
  });

  it('decodes once only', () => {
    expect(splitTarget('/%252e%252e/x').path).toBe('/%2e%2e/x');
  });

  it.each([
    '/../x',
    '/%2e%2e/x',
    '/a/..',
    '/.',
    '/a/%2e/b',
    '/..%5cx',
    '/..%2fx',
    '/a\\b',
    '/a%00.mp3',
    '//x',
    '/a//b',
    '/a%0d%0aX:y',
    '/%',
    '/%4',
    '/%zz',
    '/%c0%ae%c0%ae/',
    '/%ff',
    `/${'a'.repeat(8192)}`,
    'x',
    '*x',
    '/%c2%9b',
  ])('refuses %s', (target) => {
    expect(() => splitTarget(target)).toThrow(HeadError);
  });

  it('gives a normal path or a HeadError for anything', () => {
    const nasty = fc.constantFrom('/', '.', '..', '%2e', '%2f', '%5c', '%', '%00', '\\', '?', 'a', '%c3', ';');
    fc.assert(
      fc.property(fc.array(nasty, { maxLength: 12 }), (parts) => {
        try {
          const { path } = splitTarget(`/${parts.join('')}`);
          expect(path).toMatch(/^\/(?!.*\/\/)[^\0\\]*$/);
          expect(path.split('/')).not.toContain('..');
        } catch (error) {
          expect(error).toBeInstanceOf(HeadError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('parseQueryBytes', () => {
  it('keeps the bytes of any charset', () => {
    const fields = parseQueryBytes(
      'song=A+%97+B&title=Bj%F6rk&url=http%3A%2F%2Fx&lone=50%&empty=&flag&song=second&raw=\xe9',
    );
    expect(fields.get('song')).toEqual(Buffer.from('A \x97 B', 'latin1'));
    expect(fields.get('title')).toEqual(Buffer.from('Bj\xf6rk', 'latin1'));
    expect(fields.get('url')?.toString()).toBe('http://x');
    expect(fields.get('lone')?.toString()).toBe('50%');
    expect(fields.get('empty')?.length).toBe(0);
    expect(fields.get('flag')?.length).toBe(0);
    expect(fields.get('raw')).toEqual(Buffer.from([0xe9]));
  });

  it('bounds the fields and survives any text', () => {
    expect(parseQueryBytes(Array.from({ length: 1000 }, (_, n) => `k${n}=v`).join('&')).size).toBe(200);
    expect(parseQueryBytes('__proto__=1').get('__proto__')?.toString()).toBe('1');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => void parseQueryBytes(text)),
      { numRuns: 200 },
    );
  });
});
