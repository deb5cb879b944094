import { expect, it } from 'vitest';
import { titleOfFileName } from './file-title.ts';

it('makes a title of a file name', () => {
  const titles: [string, string][] = [
    ['/a/01 - Anna_Meer - Ocean.mp3', 'Anna Meer - Ocean'],
    ['07. Ocean.mp3', 'Ocean'],
    ['12_Ocean.ogg', '12 Ocean'],
    ['03_Ocean.ogg', 'Ocean'],
    ['99 Luftballons.mp3', '99 Luftballons'],
    ['1984.mp3', '1984'],
    ['01.mp3', '01'],
    ['two\nlines\u202e.mp3', 'two lines'],
  ];
  for (const [path, title] of titles) expect(titleOfFileName(path)).toBe(title);
});
