/**
 * Options that are right alone and wrong together.
 * @module
 */
import { resolve } from 'node:path';
import { isMap } from './config-tree.ts';
import { type ConfigPath, formatPath } from './problems.ts';
import type { ValidationContext } from './validate.ts';

interface Used {
  readonly module: { readonly type: string };
  readonly options: Record<string, unknown>;
  readonly path: ConfigPath;
}

/** Adds a problem where two modules claim the same mount (on the same port), the standard input or the same recording. */
export function checkCombinations(inputs: readonly Used[], outputs: readonly Used[], context: ValidationContext): void {
  const another = 'Give one of the two another.';
  const kinds = [
    { uses: inputs, claimOf: mountClaim, what: 'the mount ', code: 'CONFIG_INVALID', hint: another },
    { uses: outputs, claimOf: mountClaim, what: 'the mount ', code: 'CONFIG_INVALID', hint: another },
    { uses: outputs, claimOf: recordingClaim, what: 'the recording ', code: 'CONFIG_INVALID', hint: another },
    {
      uses: inputs,
      claimOf: standardInputClaim,
      what: '',
      code: 'MODULE_UNFIT',
      hint: 'Give one of the two a `path`.',
    },
  ] as const;
  for (const kind of kinds) claimOnce(kind, context);
}

function mountClaim({ options }: Used): string | undefined {
  if (typeof options.mount !== 'string') return undefined;
  const listen = isMap(options.listen) ? `${String(options.listen.host)} ${String(options.listen.port)} ` : '';
  return listen + options.mount;
}

function recordingClaim({ module, options, path }: Used, { baseDir }: ValidationContext): string | undefined {
  if (module.type !== 'recorder' || typeof options.path !== 'string') return undefined;
  return resolve(baseDir, options.path.replaceAll('%{stream}', String(path[1])));
}

function standardInputClaim({ module, options }: Used): string | undefined {
  return module.type === 'pipe' && options.path === undefined ? 'standard input' : undefined;
}

interface ClaimKind {
  readonly uses: readonly Used[];
  claimOf(use: Used, context: ValidationContext): string | undefined;
  /** Before the claim itself, for people. */
  readonly what: string;
  readonly code: 'CONFIG_INVALID' | 'MODULE_UNFIT';
  readonly hint: string;
}

function claimOnce({ uses, claimOf, what, code, hint }: ClaimKind, context: ValidationContext): void {
  const { tree, problems } = context;
  const holders = new Map<string, ConfigPath>();
  for (const use of uses) {
    const claim = claimOf(use, context);
    if (claim === undefined) continue;
    const holder = holders.get(claim);
    if (!holder) {
      holders.set(claim, use.path);
      continue;
    }
    const position = tree.positionOf(use.path);
    const reason = `${what}${claim} is claimed already by ${formatPath(holder)}`;
    problems.add(code, { where: tree.where(use.path), reason, hint }, position);
  }
}
