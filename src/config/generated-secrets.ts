import { publicKeyOf } from '../protocols/link/keys.ts';
import { generatedKeys, generatedOptions, type KeyedUse } from './assemble.ts';
import { isMap } from './config-tree.ts';
import { LINK_KEY } from './link-key.ts';
import type { LoadedConfig } from './load.ts';

/** A secret that the node makes because the configuration leaves it out. */
export interface GeneratedSecret {
  /** Its name in the credentials file. */
  readonly key: string;
  readonly user: string | undefined;
  /** Undefined: not made yet, or a key. */
  readonly password: string | undefined;
  /** Of a private key, which itself is shown nowhere; undefined: not made yet, or a password. */
  readonly publicKey?: string;
  /** What to do with it, in words. */
  readonly use: string;
}

/** The secrets that a configuration leaves to the node, with how each is used. */
export function generatedSecrets({ config, parts, credentials }: LoadedConfig): GeneratedSecret[] {
  const found: GeneratedSecret[] = [];
  const port = config.http?.port ?? 8000;
  for (const { source, modules } of parts) {
    if (config.http && source.tree.get(['admin', 'password']) === undefined) {
      found.push(secret('admin.password', config.admin.user, `Sign in at http://localhost:${port}/ as administrator.`));
    }
    if (config.linkKey !== undefined && source.tree.get(['link', 'key']) === undefined)
      found.push(nodeKeyOf(credentials.secrets.get(LINK_KEY)));
    for (const { key, use } of generatedKeys(modules)) {
      for (const option of generatedOptions(use)) {
        if (source.tree.get([...use.path, option]) !== undefined) continue;
        const user = typeof use.options.user === 'string' ? use.options.user : undefined;
        found.push(secret(`${key}.${option}`, user, usage(use, port)));
      }
    }
  }
  return found;

  function secret(key: string, user: string | undefined, use: string): GeneratedSecret {
    return { key, user, password: credentials.secrets.get(key), use };
  }
}

/** The node's key on links, by its public half. */
function nodeKeyOf(kept: string | undefined): GeneratedSecret {
  const publicKey = kept === undefined ? undefined : publicKeyOf(kept);
  const use = 'Public key of this node, no secret. At the other side of a link: peer: and this key.';
  return { key: LINK_KEY, user: undefined, password: undefined, ...(publicKey !== undefined && { publicKey }), use };
}

/** What connects to a module that listens for another node. */
const PEERS: ReadonlyMap<string, string> = new Map([
  ['distreamer-pers-server', 'distreamer-pers-client'],
  ['distreamer-pers-rev-server', 'distreamer-pers-rev-client'],
  ['distreamer-server', 'distreamer-client'],
  ['distreamer-rev-server', 'distreamer-rev-client'],
]);

/** How the other side is told. */
function usage({ module, options }: KeyedUse['use'], sharedPort: number): string {
  const listen = isMap(options.listen) ? options.listen : undefined;
  const port = Number(listen?.port ?? sharedPort);
  if (module.type === 'source') {
    const icecast = `Encoder: type Icecast, this machine, port ${port}, mount ${String(options.mount)}, user ${String(options.user)}.`;
    return options.shoutcast === false ? icecast : `${icecast} SHOUTcast encoders: port ${port + 1}, password only.`;
  }
  const peer = PEERS.get(module.type);
  if (peer) return `The other node: { type: ${peer}, url: "http://THIS-MACHINE:${port}", password: ... }`;
  return `For whoever uses this ${module.type}.`;
}
