import { readFile, stat } from 'node:fs/promises';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { type Take, takeSchema } from '../../tracks/proof/take-schema.ts';

const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Reads the account of a sender (`send.json`).
 * @throws DistreamError FILE_UNREADABLE
 */
export async function readSent(path: string): Promise<Take> {
  try {
    if ((await stat(path)).size > MAX_BYTES) throw new Error('it is too large');
    const parsed = takeSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    if (!parsed.success) throw new Error('it is no account of a sender');
    return parsed.data;
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'it is no account of a sender' : reasonOf(error);
    throw new DistreamError('FILE_UNREADABLE', { path, reason }, { cause: error });
  }
}
