import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathTemplate, templateProblem } from './path-template.ts';

function expand(template: string, utcMs: number, streamName = 'Morning', timezone: 'utc' | 'local' = 'utc'): string {
  return new PathTemplate({ template, streamName, timezone }).expand(utcMs);
}

describe('PathTemplate', () => {
  const time = Date.UTC(2026, 2, 5, 7, 8, 9, 999);

  it('fills strftime placeholders', () => {
    expect(expand('/a/%Y-%m-%d/%H%M%S-%j-%G-%V-100%%.mp3', time)).toBe('/a/2026-03-05/070809-064-2026-10-100%.mp3');
    const before = process.env.TZ;
    process.env.TZ = 'Asia/Kolkata';
    try {
      expect(expand('%d %H:%M', time, 'x', 'local')).toBe('05 12:38');
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });

  it('counts weeks as ISO 8601 does', () => {
    const weeks: [number, string][] = [
      [Date.UTC(2027, 0, 3), '2026-53'],
      [Date.UTC(2027, 0, 4), '2027-01'],
      [Date.UTC(2024, 11, 30), '2025-01'],
      [Date.UTC(2026, 0, 1), '2026-01'],
    ];
    for (const [day, week] of weeks) expect(expand('%G-%V', day)).toBe(week);
    expect(expand('%j', Date.UTC(2024, 11, 31))).toBe('366');
  });

  it('makes one harmless part of a path of the stream name', () => {
    const slugs: [string, string][] = [
      ['Morning Show!', 'Morning-Show'],
      ['../../etc/passwd', 'etc-passwd'],
      ['..', 'stream'],
      ['a\\b\0c', 'a-b-c'],
      ['CON', '_CON'],
      ['nul.txt', '_nul.txt'],
      ['Frühstück', 'Frühstück'],
      ['x'.repeat(300), 'x'.repeat(48)],
      ['%Y', 'Y'],
    ];
    for (const [name, slug] of slugs) expect(expand('/r/%{stream}.mp3', 0, name)).toBe(`/r/${slug}.mp3`);
    fc.assert(
      fc.property(fc.stringMatching(/^[./\\%{}a-z\0\n ]{0,20}$/), (name) => {
        const slug = expand('%{stream}', 0, name);
        expect(slug).not.toMatch(/[/\\\0]|^\.|\.$|^$/);
      }),
      { numRuns: 200 },
    );
  });

  it('says what is wrong with a template', () => {
    expect(templateProblem('archive/%Y-%m-%d/%H.mp3')).toBeUndefined();
    expect(templateProblem('%{stream}/100%%.mp3')).toBeUndefined();
    for (const wrong of ['%q.mp3', 'a%', '%{title}.mp3', '%{stream', 'folder/', '', 'a\0b']) {
      expect(templateProblem(wrong), wrong).toBeTypeOf('string');
    }
  });
});
