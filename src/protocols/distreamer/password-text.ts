/**
 * Passwords inside request lines: `GET /<password>/...` and `GET /list/<password>`.
 * @module
 */
import { secretEquals } from '../../core/secret.ts';

/** What cannot stand in a request line as it is. */
const UNSENDABLE = /[\u0000-\u0020/?#\u007f]/;

/** The original compares the text as sent, so a password is escaped only where nothing else is possible. */
export function passwordInTarget(password: string): string {
  return UNSENDABLE.test(password) ? encodeURIComponent(Buffer.from(password).toString()) : password;
}

/**
 * What a password in a target may mean: as sent, and percent-decoded where that is something else. `text` has one
 * character a byte; a password beyond ASCII comes as UTF-8, raw or percent-encoded.
 */
export function passwordSpellings(text: string): string[] {
  const raw = Buffer.from(text, 'latin1').toString('utf8');
  try {
    const decoded = decodeURIComponent(raw);
    return decoded === raw ? [raw] : [raw, decoded];
  } catch {
    return [raw];
  }
}

/** True when one of the spellings is the password. Constant time for each. */
export function isPassword(spellings: readonly string[], password: string): boolean {
  return spellings.map((given) => secretEquals(given, password)).includes(true);
}
