import { resolve } from 'node:path';
import { stateDirOf } from '../../config/credentials.ts';
import type { NodeConfig } from '../../config/node-config.ts';
import type { ListenAddress } from '../../modules/network.ts';
import type { CliIo } from '../io.ts';

/** A page is for people: a few machines, some connections each. */
const LIMITS = { connections: 1024, connectionsPerAddress: 128, listenersPerAddress: 1 };

/** What the page of a command is served with. */
export interface PageConfigOptions {
  readonly io: CliIo;
  /** For errors: where the address was given. */
  readonly origin: string;
  readonly listen: ListenAddress;
  /** Of the administrator. */
  readonly password: string;
  /** Folder of takes; undefined: none are shown. */
  readonly takes?: string | undefined;
}

/** The configuration of a node without streams that shows what a command does. */
export function pageConfig({ io, origin, listen, password, takes }: PageConfigOptions): NodeConfig {
  const baseDir = resolve('.');
  return {
    origin,
    baseDir,
    stateDir: stateDirOf(baseDir, io.env),
    http: {
      ...listen,
      tls: undefined,
      aliases: new Map(),
      publicView: 'full',
      trustedProxies: [],
      deny: { addresses: [], agents: [] },
      limits: LIMITS,
    },
    admin: { user: 'admin', password },
    egressAllow: [],
    ...(takes !== undefined && { takesFolder: resolve(takes) }),
    log: { level: 'info', file: undefined },
    streams: [],
    warnings: [],
  };
}
