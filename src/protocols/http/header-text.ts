import { cleanText, decodeText } from '../../core/text.ts';

/** Text of a header for people: decoded from its bytes (UTF-8 or CP1252), cleaned, at most `maxLength` code points; undefined when empty. */
export function headerText(value: string | undefined, maxLength = 1024): string | undefined {
  if (!value) return undefined;
  return cleanText(decodeText(Buffer.from(value.slice(0, maxLength * 4), 'latin1')), maxLength) || undefined;
}
