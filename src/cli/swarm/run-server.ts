import type { LogLevel } from '../../core/logger.ts';
import { systemRandom } from '../../core/random.ts';
import { SwarmServer } from '../../swarm/server/swarm-server.ts';
import type { CliIo } from '../io.ts';
import { type LogFormat, openLog } from '../logging.ts';
import { untilStopped } from '../stop.ts';

/** What a server command was told. */
export interface ServerCommand {
  readonly host: string;
  readonly port: number;
  readonly virtualHost: string;
  readonly fileRoot: string;
  readonly chunkSize: number;
  readonly listenPort: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat | undefined;
  readonly logfile: string | undefined;
  readonly colour: boolean;
}

/** Publishes a folder until the program is told to stop. Answers the exit code; rejects when it cannot start. */
export async function runServer(command: ServerCommand, io: CliIo): Promise<number> {
  const log = openLog({
    level: command.logLevel,
    format: command.logFormat ?? (io.errIsTerminal ? 'pretty' : 'json'),
    colour: command.colour && io.errIsTerminal,
    file: command.logfile,
    write: (line) => io.err(line),
  });
  try {
    const server = await SwarmServer.start({
      clock: io.clock,
      log,
      random: systemRandom,
      listen: { host: command.host, port: command.port },
      virtualHost: command.virtualHost,
      fileRoot: command.fileRoot,
      chunkSize: command.chunkSize,
      givePort: command.listenPort,
      hasStatusPage: true,
    });
    const { port } = server.address;
    const name = command.virtualHost.includes(':') ? `[${command.virtualHost}]` : command.virtualHost;
    log.info(`publishes ${command.fileRoot} as pdtp://${name}${port === 6086 ? '' : `:${port}`}/PATH`, {
      port,
      status: `http://${name}:${server.statusAddress?.port}/`,
    });
    const code = await untilStopped(io, log);
    await server.close();
    return code;
  } finally {
    await log.close();
  }
}
