// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is the syntax under test
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DistreamError } from '../core/errors.ts';
import { ConfigurationError } from './problems.ts';
import { decodeConfigText, MAX_CONFIG_BYTES, parseYaml } from './yaml.ts';

function problemsOf(text: string): string[] {
  try {
    parseYaml(text, 'a.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems.map((problem) => problem.message);
  }
  return [];
}

describe('parseYaml', () => {
  it('keeps values and the place of each key', () => {
    const tree = parseYaml('a: 1\nb:\n  - x: "y"\n  - true\n', 'a.yaml');
    expect(JSON.parse(JSON.stringify(tree.root))).toEqual({ a: 1, b: [{ x: 'y' }, true] });
    expect(tree.positionOf(['b', 0, 'x'])).toEqual({ line: 3, column: 5 });
    expect(tree.positionOf(['b', 1])).toEqual({ line: 4, column: 5 });
    expect(tree.positionOf(['b', 0, 'missing'])).toEqual({ line: 3, column: 5 });
    expect(tree.get(['b', 0, 'x'])).toBe('y');
    expect(tree.where(['b', 0, 'x'])).toBe('a.yaml:3:5: b[0].x');
  });

  it('follows aliases', () => {
    const tree = parseYaml('a: &x { k: 1 }\nb: *x\n', 'a.yaml');
    expect(tree.get(['b', 'k'])).toBe(1);
  });

  it('tells all syntax errors, with their places', () => {
    expect(problemsOf('a: 1\na: 2\nb: [1\nc: 2\n')).toEqual([
      'a.yaml:2:1: this key stands here twice',
      'a.yaml:4:1: the indentation does not fit the lines above',
    ]);
    expect(problemsOf('a:\n\tb: 1\n')[0]).toBe('a.yaml:2:1: a tab cannot indent YAML; use spaces');
    expect(problemsOf('x: ${NAME}: 1')[0]).toContain('may need quotes');
  });

  it.each([
    ['a tag', 'a: !!js/function "x"', 'a.yaml:1:4: tags such as !!type are not allowed'],
    ['__proto__', 'a:\n  __proto__: { x: 1 }', 'a.yaml:2:3: a.__proto__: this key is not allowed'],
    ['constructor', 'constructor: 1', 'a.yaml:1:1: constructor: this key is not allowed'],
    ['a second document', 'a: 1\n---\nb: 2', 'a.yaml: one document only: remove the line ---'],
    ['nothing', '', 'a.yaml: the file is empty'],
    ['comments only', '# a\n', 'a.yaml: the file is empty'],
    ['a list', '- a\n', 'a.yaml: expected keys such as `streams:` at the top'],
    ['a map as key', '? { a: 1 }\n: 2\n', 'a.yaml:1:3: a key must be a word'],
    ['an unknown alias', 'a: *x', expect.stringMatching(/^a.yaml:1:4: /)],
    ['deep nesting', `a: ${'['.repeat(100)}${']'.repeat(100)}`, expect.stringContaining('nested too deeply')],
  ])('refuses %s', (_name, text, message) => {
    expect(problemsOf(text)[0]).toEqual(message);
  });

  it('never lets a key reach the prototype', () => {
    expect(problemsOf('__proto__: { polluted: true }')).toHaveLength(1);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('stops a bomb of aliases', () => {
    const levels = 'bcdefghij'
      .split('')
      .map((name, index) => `${name}: &${name} [${`*${'abcdefghi'[index]},`.repeat(9)}]`);
    expect(problemsOf(`a: &a [x,x,x,x,x,x,x,x,x]\n${levels.join('\n')}\n`)).toEqual([
      expect.stringContaining('too many values, aliases counted'),
    ]);
  });

  it('stops an alias to itself', () => {
    expect(problemsOf('a: &a [*a]')[0]).toMatch(/nested too deeply|alias/);
  });

  it.each(['[', '{a: ', '- ', '? ', ' '])('stops nesting with %j that would overflow the parser', (part) => {
    const text = part === ' ' ? `a:\n${' '.repeat(100_000)}b: 1` : part.repeat(300_000);
    expect(problemsOf(`x: 1\n${text}`)).toEqual([
      'a.yaml:2:1: nested too deeply'.replace('2', part === ' ' ? '3' : '2'),
    ]);
  });

  it('tells no more problems than a person reads', () => {
    expect(problemsOf(Array.from({ length: 1000 }, () => 'a: 1').join('\n'))).toHaveLength(50);
  });

  it('answers or refuses, whatever the text', () => {
    const parts = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '-',
      '[',
      ']',
      '{',
      '}',
      '&x',
      '*x',
      '"',
      "'",
      '#',
      '|',
      '!',
      '?',
      '\t',
      '\0',
      '<<',
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 40 }), (list) => {
        problemsOf(list.join(''));
      }),
      { numRuns: 300 },
    );
  });
});

describe('decodeConfigText', () => {
  it('drops a byte order mark', () => {
    expect(decodeConfigText(Buffer.from('\ufeffa: 1'), 'a.yaml')).toBe('a: 1');
  });

  it.each([
    ['too large', Buffer.alloc(MAX_CONFIG_BYTES + 1, 0x20), 'larger than 1 MiB'],
    ['UTF-16', Buffer.from('\ufeffa: 1', 'utf16le'), 'not UTF-8'],
    ['Latin-1', Buffer.from('a: é', 'latin1'), 'not UTF-8'],
  ])('refuses a file that is %s', (_name, bytes, reason) => {
    expect(() => decodeConfigText(bytes, 'a.yaml')).toThrow(DistreamError);
    expect(() => decodeConfigText(bytes, 'a.yaml')).toThrow(reason);
  });
});
