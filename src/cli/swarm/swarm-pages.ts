import { makeSecret, stateDirOf } from '../../config/credentials.ts';
import type { NodeConfig } from '../../config/node-config.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { ListenAddress } from '../../modules/network.ts';
import type { RunningNode } from '../../node/node.ts';
import type { SwarmSource } from '../../swarm/view/sight.ts';
import type { CliIo } from '../io.ts';

const MAX_PORT = 65_535;
const LIMITS = { connections: 1024, connectionsPerAddress: 128, listenersPerAddress: 1 };

/** What the pages of a server are made of. */
export interface SwarmPagesOptions {
  readonly io: CliIo;
  readonly log: Logger;
  /** Where clients connect; the pages are at the next port. */
  readonly swarm: ListenAddress;
  /** Name of the server in addresses. */
  readonly name: string;
  readonly sources: () => Iterable<SwarmSource>;
}

/**
 * Serves the pages of a swarm: a node without streams at the port above. A server goes on without them, after a warning.
 * Never rejects.
 */
export async function startSwarmPages(options: SwarmPagesOptions): Promise<RunningNode | undefined> {
  const { io, log, swarm, name, sources } = options;
  const port = swarm.port + 1;
  try {
    if (port > MAX_PORT) throw new RangeError(`there is no port ${port}`);
    const { startNode } = await import('../../node/node.ts');
    const node = await startNode(pagesConfig(io, { host: swarm.host, port }), {
      clock: io.clock,
      log,
      swarm: { name, sources },
    });
    log.info(`the swarm is seen at http://${urlHost(name)}:${port}/`, { port });
    return node;
  } catch (error) {
    log.warn(`there is no page about the swarm: ${reasonOf(error)}`, { port });
    return undefined;
  }
}

function pagesConfig(io: CliIo, listen: ListenAddress): NodeConfig {
  const baseDir = process.cwd();
  return {
    origin: 'the command line',
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
    // Nobody knows it: who administers signs in with the password of `distream passwd`.
    admin: { user: 'admin', password: makeSecret() },
    egressAllow: [],
    log: { level: 'info', file: undefined },
    streams: [],
    warnings: [],
  };
}

function urlHost(name: string): string {
  return name.includes(':') ? `[${name}]` : name;
}
