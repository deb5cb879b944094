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

/** Puts a name to others, unique also where capitals do not count: the second `voice` becomes `voice 2`. */
export function addUnique(names: string[], name: string): string {
  const isTaken = (text: string) => names.some((other) => other.toLowerCase() === text.toLowerCase());
  let unique = name;
  for (let number = 2; isTaken(unique); number++) unique = `${name} ${number}`;
  names.push(unique);
  return unique;
}
