import { basename, extname } from 'node:path';
import { cleanText } from '../../core/text.ts';
import { MAX_TAG_LENGTH } from '../../media/tags/tags.ts';

/** A title from a file's name, for files without tags: no extension, no track number, spaces for underscores. */
export function titleOfFileName(path: string): string {
  const name = cleanText(basename(path, extname(path)).replaceAll('_', ' '), MAX_TAG_LENGTH);
  const withoutNumber = name.replace(/^(?:\d{1,3} ?[.-] ?|0\d )/, '').trim();
  return withoutNumber === '' ? name : withoutNumber;
}
