/**
 * What the node refuses to start with: passwords that protect nothing on
 * addresses that others reach.
 * @module
 */
import type { ListenAddress } from '../modules/network.ts';
import { isMap } from './config-tree.ts';
import type { PlacedModule } from './module-use.ts';
import type { NodeConfig } from './node-config.ts';
import type { ConfigPath } from './problems.ts';
import { shapeOf, unwrap } from './schema-walk.ts';
import type { ValidationContext } from './validate.ts';
import { isLoopback, weaknessOf } from './weak-passwords.ts';

const HINT = 'Remove the line: a good password is then made once, and `distream credentials` shows it.';

/** What is judged. */
export interface SecurityCheck {
  readonly http: NodeConfig['http'];
  readonly admin: NodeConfig['admin'];
  readonly modules: readonly PlacedModule<{ readonly schema: Parameters<typeof shapeOf>[0] }>[];
  /** Only warn: DiStreamer's users' files say `distreamer`. */
  readonly compatible: boolean;
}

/** Adds CONFIG_INSECURE (or a warning in compatibility mode) for each known bad password that protects an open port. */
export function checkPasswords(check: SecurityCheck, context: ValidationContext): void {
  if (check.http && !isLoopback(check.http.host)) {
    judge(check.admin.password, check.admin.user, ['admin', 'password'], check.http.host, check, context);
  }
  for (const { module, options, path } of check.modules) {
    const own = listenHost(options);
    const host = own ?? check.http?.host;
    if (host === undefined || isLoopback(host)) continue;
    for (const [key, schema] of Object.entries(shapeOf(module.schema))) {
      const value = options[key];
      const { secret, generate } = unwrap(schema).meta;
      // A secret that is made when left out, or of a module that listens, guards a door of ours; others open doors of somebody else.
      const guards = generate || (secret && own !== undefined);
      if (!guards || typeof value !== 'string') continue;
      const user = typeof options.user === 'string' ? options.user : undefined;
      judge(value, user, [...path, key], host, check, context);
    }
  }
}

function listenHost(options: Record<string, unknown>): string | undefined {
  const listen = options.listen as Partial<ListenAddress> | undefined;
  return isMap(listen) && typeof listen.host === 'string' ? listen.host : undefined;
}

function judge(
  password: string,
  user: string | undefined,
  path: ConfigPath,
  host: string,
  { compatible }: SecurityCheck,
  { tree, problems, warnings }: ValidationContext,
): void {
  const weakness = weaknessOf(password, user);
  if (!weakness) return;
  const position = tree.positionOf(path);
  const where = tree.where(path);
  const reason = `${weakness}, and ${host} is reached by others`;
  if (compatible)
    warnings.push(`${where}: ${reason}. Anybody can take over this stream; set another password at both ends`);
  else problems.add('CONFIG_INSECURE', { where, reason, hint: HINT }, position);
}
