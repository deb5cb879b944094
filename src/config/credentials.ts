/**
 * Secrets that the node made itself: once, kept in a file that only its owner
 * reads, so that they are the same after a restart.
 * @module
 */
import { randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { DistreamError, reasonOf } from '../core/errors.ts';
import type { Environment } from './substitute.ts';

const FILE_NAME = 'credentials.json';
/** Letters and digits that nobody mistakes for another: no 0 O, 1 l I, u v. */
const ALPHABET = 'abcdefghjkmnpqrstwxyz23456789';

const fileShape = z.object({ version: z.literal(1), secrets: z.record(z.string(), z.string()) });

/** Where secrets that were left out come from. */
export interface CredentialSource {
  /** The secret of that key, e.g. `streams.morning.input.password`; makes it when there is none, by default with `makeSecret`. */
  obtain(key: string, make?: () => string): string;
}

/** A new secret: four groups of five letters and digits, 97 bits. */
export function makeSecret(): string {
  const group = () => Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return Array.from({ length: 4 }, group).join('-');
}

/** The folder of the node's own files: `.distream` beside the configuration, or where DISTREAM_STATE_DIR says. */
export function stateDirOf(baseDir: string, env: Environment): string {
  return resolve(env.DISTREAM_STATE_DIR || join(baseDir, '.distream'));
}

/** The secrets file of one state folder. */
export class CredentialStore implements CredentialSource {
  readonly path: string;
  readonly #stateDir: string;
  readonly #secrets: Map<string, string>;
  #madeCount = 0;
  #changed = false;

  private constructor(stateDir: string, secrets: Map<string, string>) {
    this.#stateDir = stateDir;
    this.path = join(stateDir, FILE_NAME);
    this.#secrets = secrets;
  }

  /**
   * Reads the file; without one the store is empty. A file that others may read is shut and told in
   * `warnings`. Throws CONFIG_UNREADABLE or CONFIG_INVALID.
   */
  static open(stateDir: string, warnings: string[] = []): CredentialStore {
    const path = join(stateDir, FILE_NAME);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return new CredentialStore(stateDir, new Map());
      throw new DistreamError('CONFIG_UNREADABLE', { file: path, reason: reasonOf(error) }, { cause: error });
    }
    shut(path, warnings);
    return new CredentialStore(stateDir, parse(text, path));
  }

  /** All that was made, by key. */
  get secrets(): ReadonlyMap<string, string> {
    return this.#secrets;
  }

  /** How many secrets were made since the file was read. */
  get madeCount(): number {
    return this.#madeCount;
  }

  obtain(key: string, make = makeSecret): string {
    const known = this.#secrets.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#secrets.set(key, made);
    this.#changed = true;
    this.#madeCount++;
    return made;
  }

  /** Writes the file when a secret was made; whole or not at all. Throws CONFIG_INVALID when it cannot. */
  save(): void {
    if (!this.#changed) return;
    const temporary = `${this.path}.${process.pid}.tmp`;
    try {
      mkdirSync(this.#stateDir, { recursive: true, mode: 0o700 });
      const secrets = Object.fromEntries([...this.#secrets].sort(([a], [b]) => (a < b ? -1 : 1)));
      writeFileSync(temporary, `${JSON.stringify({ version: 1, secrets }, null, 2)}\n`, { mode: 0o600, flush: true });
      renameSync(temporary, this.path);
      this.#changed = false;
    } catch (error) {
      removeIfThere(temporary);
      const hint =
        'Set DISTREAM_STATE_DIR to a folder that this user can write, or set the passwords in the configuration.';
      const reason = `cannot keep the passwords that were made: ${reasonOf(error)}`;
      throw new DistreamError('CONFIG_INVALID', { where: this.path, reason, hint }, { cause: error });
    }
  }
}

/** Stands in for a store when nothing may be written: what is missing is only said to be made later. */
export class CredentialPreview implements CredentialSource {
  readonly #store: CredentialStore;

  constructor(store: CredentialStore) {
    this.#store = store;
  }

  obtain(key: string, make = makeSecret): string {
    return this.#store.secrets.get(key) ?? make();
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // What kept it from being written keeps it from being removed; the first error is the one to tell.
  }
}

function parse(text: string, path: string): Map<string, string> {
  try {
    return new Map(Object.entries(fileShape.parse(JSON.parse(text)).secrets));
  } catch (error) {
    const hint = 'Mend the file, or remove it to have new passwords made.';
    // The cause would quote the file, which holds secrets.
    const reason = error instanceof SyntaxError ? 'it is not JSON' : 'it does not have the shape of a credentials file';
    throw new DistreamError('CONFIG_INVALID', { where: path, reason, hint });
  }
}

function shut(path: string, warnings: string[]): void {
  if (process.platform === 'win32' || (statSync(path).mode & 0o077) === 0) return;
  try {
    chmodSync(path, 0o600);
    warnings.push(
      `${path} could be read by others; its mode is 600 now. Change its passwords if others use this machine`,
    );
  } catch {
    warnings.push(`${path} can be read by others; run: chmod 600 ${path}`);
  }
}
