import { cleanText } from '../../core/text.ts';

const MAX_NAME = 80;
/** Names that Windows keeps for devices. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** A name from a stranger as the name of a file, without a folder and without a suffix. */
export function fileNameOf(title: string): string {
  const name = cleanText(title)
    .replace(/[^\p{L}\p{N} ._()+#&-]/gu, '_')
    .replace(/^[. _-]+|[. ]+$/g, '')
    .slice(0, MAX_NAME)
    .replace(/[. ]+$/, '');
  if (name === '') return 'track';
  return RESERVED.test(name) ? `_${name}` : name;
}

/** Makes names unique, also where capitals do not count: the second `voice` becomes `voice 2`. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let number = 2; taken.has(unique.toLowerCase()); number++) unique = `${name} ${number}`;
    taken.add(unique.toLowerCase());
    return unique;
  });
}
