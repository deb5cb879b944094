import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { renderTakePage } from '../proof/render-page.ts';
import { type Take, type TakeTrack, takeSchema } from '../proof/take-schema.ts';
import { nodeTakeFileSystem } from '../record/file-system.ts';

const MAX_ACCOUNT_BYTES = 512 << 20;

/** The account of the take in a folder. Throws FILE_NOT_FOUND, FILE_UNREADABLE. */
export async function readTake(folder: string): Promise<Take> {
  const path = join(folder, 'take.json');
  try {
    const bytes = await readFile(path);
    if (bytes.length > MAX_ACCOUNT_BYTES) throw new Error('it is too long');
    const parsed = takeSchema.safeParse(JSON.parse(bytes.toString('utf8')));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new Error(`this is no account of a take (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`);
  } catch (error) {
    const code = (error as { code?: unknown }).code === 'ENOENT' ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE';
    throw new DistreamError(code, { path, reason: reasonOf(error) }, { cause: error });
  }
}

/** Writes `take.json` and its page, each whole or not at all. Throws RECORDING_FAILED. */
export async function writeTake(folder: string, take: Take): Promise<void> {
  try {
    await nodeTakeFileSystem.replace(join(folder, 'take.json'), Buffer.from(`${JSON.stringify(take, null, 1)}\n`));
    await nodeTakeFileSystem.replace(join(folder, 'take.html'), Buffer.from(renderTakePage(take)));
  } catch (error) {
    throw new DistreamError('RECORDING_FAILED', { path: folder, reason: reasonOf(error) }, { cause: error });
  }
}

/** Where a track's file is; undefined when the account names none, or one outside of the folder. */
export function trackPath(folder: string, { file }: TakeTrack): string | undefined {
  const isInside = file !== undefined && file === basename(file) && file !== '..' && file !== '.';
  return isInside ? join(folder, file) : undefined;
}
