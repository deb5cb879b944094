import type { z } from 'zod';
import { generatePrivateKey, parseKey } from '../protocols/link/keys.ts';
import type { CredentialSource } from './credentials.ts';
import type { ModuleUse } from './node-config.ts';
import type { ProblemList } from './problems.ts';
import type { StreamModules } from './read-streams.ts';

/** Name of the node's private key in the credentials file. */
export const LINK_KEY = 'link.key';

type Used = ModuleUse<{ readonly type: string; readonly schema: z.ZodObject }>;

/** Whether any of the modules is a link with the node's own key. */
export function usesNodeKey(modules: Iterable<Pick<Used, 'options'> & { readonly module: object }>): boolean {
  return [...modules].some(
    ({ module, options }) =>
      'type' in module && module.type === 'link' && options.key === undefined && options.sharedKey === undefined,
  );
}

/**
 * The node's private key on links: as written, else made once when a stream needs it. Undefined when none does. Adds a
 * problem when the kept one is no key.
 */
export function nodeLinkKey(
  written: string | undefined,
  modules: ReadonlyMap<string, StreamModules>,
  credentials: CredentialSource,
  problems: ProblemList,
): string | undefined {
  if (written !== undefined) return written;
  const all = [...modules.values()].flatMap((used) => [used.input, ...used.fallback, ...used.outputs]);
  if (!usesNodeKey(all.filter((use) => use !== undefined))) return undefined;
  const key = credentials.obtain(LINK_KEY, generatePrivateKey);
  const parsed = parseKey(key, 'private');
  if (parsed.kind !== 'invalid') return key;
  const hint = `Remove "${LINK_KEY}" from that file to have a new key made; the other side then needs the new public key.`;
  problems.add('CONFIG_INVALID', { where: 'the credentials file', reason: `${LINK_KEY}: ${parsed.reason}`, hint });
  return undefined;
}
