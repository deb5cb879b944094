/**
 * Values that stand elsewhere: `${ENV_NAME}` inside any text, `{file: path}`
 * in place of any text.
 * @module
 */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { reasonOf } from '../core/errors.ts';
import { type ConfigTree, type ConfigValue, isMap } from './config-tree.ts';
import type { ConfigPath, ProblemList } from './problems.ts';

/** Environment variables by name, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\$\{|\$\{([^}]{0,200})\}?/g;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_FILE_BYTES = 64 * 1024;

/**
 * Replaces `${NAME}` in every text of the tree; `$${` stands for `${`. A
 * variable that is not set is a problem (SECRET_UNAVAILABLE).
 */
export function substituteVariables(tree: ConfigTree, env: Environment, problems: ProblemList): void {
  const visit = (value: ConfigValue, path: ConfigPath): void => {
    if (typeof value === 'string') replaceIn(tree, value, path, env, problems);
    else if (Array.isArray(value)) value.forEach((item, index) => void visit(item, [...path, index]));
    else if (isMap(value)) for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
  };
  visit(tree.root, []);
}

function replaceIn(tree: ConfigTree, text: string, path: ConfigPath, env: Environment, problems: ProblemList): void {
  if (!text.includes('${')) return;
  const position = tree.positionOf(path);
  const where = tree.where(path);
  const names: string[] = [];
  const replaced = text.replace(REFERENCE, (match, name: string | undefined) => {
    if (match === '$${') return '${';
    if (name === undefined || !match.endsWith('}') || !VARIABLE_NAME.test(name)) {
      const reason = `expected the name of a variable between \${ and }`;
      problems.add('CONFIG_INVALID', { where, reason, hint: `Write $\${ for a plain \${.` }, position);
      tree.noteUnresolved(path);
      return '';
    }
    const value = env[name];
    if (value === undefined) {
      problems.add('SECRET_UNAVAILABLE', { where, reason: `the variable ${name} is not set` }, position);
      tree.noteUnresolved(path);
      return '';
    }
    names.push(name);
    return value;
  });
  tree.set(path, replaced);
  if (names.length) tree.noteSource(path, `the variable ${names.join(', ')}`);
}

/** True for a map with the single key `file`. */
export function isFileReference(value: unknown): value is { file: string } {
  return isMap(value) && Object.keys(value).length === 1 && typeof value.file === 'string';
}

/** What came of reading a `{file: path}`. */
export interface FileText {
  readonly text: string;
  /** Everybody on this machine may read the file. */
  readonly exposed: boolean;
}

/**
 * The text of the file that `{file: path}` names, without its last line end.
 * Undefined when it cannot be read; then a problem (SECRET_UNAVAILABLE) was added.
 */
export function readReferencedFile(
  file: string,
  baseDir: string,
  where: string,
  problems: ProblemList,
  position: ReturnType<ConfigTree['positionOf']>,
): FileText | undefined {
  const path = resolve(baseDir, file);
  const fail = (reason: string) => {
    problems.add('SECRET_UNAVAILABLE', { where, reason: `cannot read ${file}: ${reason}` }, position);
    return undefined;
  };
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return fail('it is not a file');
    if (stat.size > MAX_FILE_BYTES) return fail('it is larger than 64 KiB');
    return { text: readFileSync(path, 'utf8').replace(/\r?\n$/, ''), exposed: isExposed(stat.mode) };
  } catch (error) {
    return fail(reasonOf(error));
  }
}

/** True when the file mode lets everybody read; always false where modes mean nothing. */
export function isExposed(mode: number): boolean {
  return process.platform !== 'win32' && (mode & 0o004) !== 0;
}
