import { EXIT } from '../../core/error-codes.ts';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { LogLevel } from '../../core/logger.ts';
import { systemRandom } from '../../core/random.ts';
import type { Dialect } from '../../protocols/pdtp/dialect.ts';
import { runSeed } from '../../swarm/peer/seed.ts';
import type { CliIo } from '../io.ts';
import { openLog } from '../logging.ts';
import { EXIT_INTERRUPTED } from '../stop.ts';

/** What a seeding command was told. */
export interface SeedCommand {
  readonly host: string;
  readonly port: number;
  readonly virtualHost: string;
  readonly fileRoot: string;
  readonly listenHost: string;
  readonly listenPort: number;
  readonly dialect: Dialect;
  readonly logLevel: LogLevel;
  readonly logfile: string | undefined;
  readonly colour: boolean;
}

/** Gives a folder to a swarm until the program is told to stop. Answers the exit code. */
export async function runSeedCommand(command: SeedCommand, io: CliIo): Promise<number> {
  const { logLevel, logfile, colour, host, port, listenHost, listenPort, fileRoot, virtualHost, dialect } = command;
  const stop = new AbortController();
  const unsubscribe = io.onStop(() => (stop.signal.aborted ? io.exit(EXIT_INTERRUPTED) : stop.abort()));
  const format = io.errIsTerminal ? 'pretty' : 'json';
  const log = openLog({
    level: logLevel,
    format,
    colour: colour && io.errIsTerminal,
    file: logfile,
    write: (line) => io.err(line),
  });
  try {
    await runSeed({
      clock: io.clock,
      log,
      random: systemRandom,
      server: { host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port },
      virtualHost,
      fileRoot,
      dialect,
      give: { host: listenHost, port: listenPort },
      signal: stop.signal,
    });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof DistreamError) throw error;
    throw new DistreamError('FILE_UNREADABLE', { path: fileRoot, reason: reasonOf(error) }, { cause: error });
  } finally {
    unsubscribe();
    await log.close();
  }
}
