import { makeSecret } from '../../config/credentials.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { urlHost } from '../../core/url-host.ts';
import type { ListenAddress } from '../../modules/network.ts';
import type { RunningNode } from '../../node/node.ts';
import type { SwarmSource } from '../../swarm/view/sight.ts';
import type { CliIo } from '../io.ts';
import { pageConfig } from '../page/page-config.ts';

const MAX_PORT = 65_535;

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
    // Nobody knows the password: who administers signs in with that of `distream passwd`.
    const password = makeSecret();
    const listen = { host: swarm.host, port };
    const node = await startNode(pageConfig({ io, origin: 'the command line', listen, password }), {
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
