import { createHash } from 'node:crypto';
import type { NodeConfig } from './node-config.ts';
import type { ValidationContext } from './validate.ts';

const HASHED = 'sha256:';

/** The tokens of machines, as hashes. Adds a problem for a token that stands in the file itself. */
export function accessTokens(
  tokens: Readonly<Record<string, string>>,
  { tree, problems }: Pick<ValidationContext, 'tree' | 'problems'>,
): NonNullable<NodeConfig['admin']['tokens']> {
  return Object.entries(tokens).map(([name, text]) => {
    if (text.startsWith(HASHED)) return { name, sha256: text.slice(HASHED.length).toLowerCase() };
    const path = ['admin', 'tokens', name];
    if (tree.sourceOf(path) === undefined) {
      const reason = 'a token does not stand in the configuration itself';
      const hint = 'Write its hash (`distream passwd --token` makes both), or { file: ... }.';
      problems.add('CONFIG_INSECURE', { where: tree.where(path), reason, hint }, tree.positionOf(path));
    }
    return { name, sha256: createHash('sha256').update(text).digest('hex') };
  });
}
