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

/** Adds a problem where two modules claim the same mount (on the same port) or record to the same file. */
export function checkCombinations(inputs: readonly Used[], outputs: readonly Used[], context: ValidationContext): void {
  claimOnce(inputs, (use) => mountClaim(use), 'the mount', context);
  claimOnce(outputs, (use) => mountClaim(use), 'the mount', context);
  claimOnce(outputs, (use) => recordingClaim(use, context.baseDir), 'the recording', context);
}

function mountClaim({ options }: Used): string | undefined {
  if (typeof options.mount !== 'string') return undefined;
  const listen = isMap(options.listen) ? `${String(options.listen.host)} ${String(options.listen.port)} ` : '';
  return listen + options.mount;
}

function recordingClaim({ module, options, path }: Used, baseDir: string): string | undefined {
  if (module.type !== 'recorder' || typeof options.path !== 'string') return undefined;
  return resolve(baseDir, options.path.replaceAll('%{stream}', String(path[1])));
}

function claimOnce(
  uses: readonly Used[],
  claimOf: (use: Used) => string | undefined,
  what: string,
  { tree, problems }: ValidationContext,
): void {
  const holders = new Map<string, ConfigPath>();
  for (const use of uses) {
    const claim = claimOf(use);
    if (claim === undefined) continue;
    const holder = holders.get(claim);
    if (!holder) {
      holders.set(claim, use.path);
      continue;
    }
    const position = tree.positionOf(use.path);
    const reason = `${what} ${claim} is claimed already by ${formatPath(holder)}`;
    const hint = 'Give one of the two another.';
    problems.add('CONFIG_INVALID', { where: tree.where(use.path), reason, hint }, position);
  }
}
