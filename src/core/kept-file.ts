import { readFile, writeFile } from 'node:fs/promises';
import { DistreamError, reasonOf } from './errors.ts';

/**
 * The text of a file that only its owner reads, which is made when there is none. Rejects with FILE_UNREADABLE or
 * FILE_UNWRITABLE.
 */
export async function keptText(path: string, make: () => string): Promise<string> {
  const kept = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw new DistreamError('FILE_UNREADABLE', { path, reason: reasonOf(error) }, { cause: error });
  });
  if (kept !== undefined) return kept;
  const made = make();
  try {
    await writeFile(path, made, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new DistreamError('FILE_UNWRITABLE', { path, reason: reasonOf(error) }, { cause: error });
  }
  return made;
}
