import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemList } from '../problems.ts';
import { iniOfEnvironment, parseIni } from './ini.ts';

function parse(text: string) {
  const problems = new ProblemList();
  const warnings: string[] = [];
  const ini = parseIni(text, 'a.conf', problems, warnings);
  const plain = [...ini].map(([name, { entries }]) => [
    name,
    Object.fromEntries([...entries].map(([key, e]) => [key, e.value])),
  ]);
  return { ini, warnings, problems, sections: Object.fromEntries(plain) };
}

describe('parseIni', () => {
  it('reads sections and keys in any case, with = or :, comments and blanks', () => {
    const { sections, problems } = parse(
      '# top\n[general]\r\nLogLevel = 4\r\n; note\n\n [Input] # here\n  streamurl: http://x/a=b?c;d ; the studio\nEMPTY=\nNOTE=;none\n',
    );
    expect(problems.count).toBe(0);
    expect(sections).toEqual({
      GENERAL: { LOGLEVEL: '4' },
      INPUT: { STREAMURL: 'http://x/a=b?c;d', EMPTY: '', NOTE: '' },
    });
  });

  it('notes the place of each key', () => {
    const { ini } = parse('[INPUT]\n\n  mode=x\n');
    expect(ini.get('INPUT')?.entries.get('MODE')).toMatchObject({
      position: { line: 3, column: 3 },
      where: 'a.conf:3:3: [INPUT] MODE',
    });
  });

  it('makes one of sections with the same name, and warns of a key that stands twice', () => {
    const { sections, warnings } = parse('[INPUT]\nA=1\n[OUTPUT]\nB=2\n[input]\nA=3\n');
    expect(sections).toEqual({ INPUT: { A: '3' }, OUTPUT: { B: '2' } });
    expect(warnings).toEqual(['a.conf:6:1: [INPUT] A stands there twice; the last one counts']);
  });

  it('tells every line that is none', () => {
    const { problems } = parse('A=1\n[INPUT]\nnonsense\n[open\n');
    expect(problems.count).toBe(3);
    expect(() => problems.throwIfAny()).toThrow('a.conf:1:1: expected a section such as [INPUT] before the first key');
  });

  it('never throws on any text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('[', ']', '=', ':', ';', '#', '\n', '\r', ' ', 'A', '__proto__', '\0'), {
          maxLength: 60,
        }),
        (parts) => {
          parse(parts.join(''));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('iniOfEnvironment', () => {
  it('puts DS_ variables into their sections', () => {
    const ini = iniOfEnvironment({
      DS_INPUT_MODE: 'X',
      DS_OUTPUT_PORT: '1',
      DS_GENERAL_LOGLEVEL: '4',
      DS_OTHER_A: '1',
      HOME: '/',
    });
    expect([...(ini?.keys() ?? [])].sort()).toEqual(['GENERAL', 'INPUT', 'OUTPUT']);
    expect(ini?.get('INPUT')?.entries.get('MODE')).toMatchObject({ value: 'X', where: 'environment: DS_INPUT_MODE' });
  });

  it('is nothing without such variables', () => {
    expect(iniOfEnvironment({ HOME: '/' })).toBeUndefined();
  });
});
