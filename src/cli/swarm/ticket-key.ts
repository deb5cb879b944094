import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { DistreamError, reasonOf } from '../../core/errors.ts';

/** The key of tickets in a file, which is made when there is none. Throws FILE_UNREADABLE or FILE_UNWRITABLE. */
export function keptTicketKey(path: string): string {
  try {
    const key = readFileSync(path, 'utf8').trim();
    if (key.length >= 16) return key;
    throw new DistreamError('FILE_UNREADABLE', { path, reason: 'a key of tickets has 16 characters at least' });
  } catch (error) {
    if (error instanceof DistreamError) throw error;
    if ((error as { code?: unknown }).code !== 'ENOENT') {
      throw new DistreamError('FILE_UNREADABLE', { path, reason: reasonOf(error) }, { cause: error });
    }
  }
  const key = randomBytes(32).toString('base64url');
  try {
    writeFileSync(path, `${key}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new DistreamError('FILE_UNWRITABLE', { path, reason: reasonOf(error) }, { cause: error });
  }
  return key;
}
