/**
 * The file of the administrators' password hashes: `passwords.json` in the node's state folder, for its owner only.
 * @module
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { isPasswordHash } from './password-hash.ts';

const MAX_BYTES = 64 * 1024;
const MAX_USERS = 100;
const fileShape = z.strictObject({
  version: z.literal(1),
  users: z.record(z.string().min(1).max(64), z.string().refine(isPasswordHash)),
});

/** Where a node with that state folder keeps them. */
export function passwordFileOf(stateDir: string): string {
  return join(stateDir, 'passwords.json');
}

/** The hashes by user; none when there is no file. Throws CONFIG_UNREADABLE or CONFIG_INVALID. */
export function readPasswordFile(path: string): ReadonlyMap<string, string> {
  let text: string;
  try {
    if (statSync(path).size > MAX_BYTES) throw new Error('it is larger than 64 KiB');
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return new Map();
    throw new DistreamError('CONFIG_UNREADABLE', { file: path, reason: reasonOf(error) }, { cause: error });
  }
  try {
    return new Map(Object.entries(fileShape.parse(JSON.parse(text)).users));
  } catch {
    // The cause would quote the file.
    const reason = 'it does not have the shape of a file of passwords';
    const hint = 'Remove the file and run `distream passwd` again.';
    throw new DistreamError('CONFIG_INVALID', { where: path, reason, hint });
  }
}

/** Keeps the hash of a user, whole or not at all; others stay. Throws as `readPasswordFile`, or CONFIG_INVALID. */
export function keepPassword(path: string, user: string, hash: string): void {
  const users = new Map(readPasswordFile(path)).set(user, hash);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    if (users.size > MAX_USERS) throw new Error(`it holds ${MAX_USERS} users already`);
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    const text = `${JSON.stringify({ version: 1, users: Object.fromEntries(users) }, null, 2)}\n`;
    writeFileSync(temporary, text, { mode: 0o600, flush: true });
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    const hint = 'Set DISTREAM_STATE_DIR to a folder that this user can write.';
    const reason = `cannot keep the password: ${reasonOf(error)}`;
    throw new DistreamError('CONFIG_INVALID', { where: path, reason, hint }, { cause: error });
  }
}
