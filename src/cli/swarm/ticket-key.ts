import { randomBytes } from 'node:crypto';
import { DistreamError } from '../../core/errors.ts';
import { keptText } from '../../core/kept-file.ts';

const LEAST_CHARACTERS = 16;

/** The key of tickets in a file, which is made when there is none. Rejects with FILE_UNREADABLE or FILE_UNWRITABLE. */
export async function keptTicketKey(path: string): Promise<string> {
  const key = (await keptText(path, () => `${randomBytes(32).toString('base64url')}\n`)).trim();
  if (key.length >= LEAST_CHARACTERS) return key;
  const reason = `a key of tickets has ${LEAST_CHARACTERS} characters at least`;
  throw new DistreamError('FILE_UNREADABLE', { path, reason });
}
