import { effectiveConfig, effectiveYaml } from '../config/effective.ts';
import type { LoadedConfig } from '../config/load.ts';
import { sleep } from '../core/clock.ts';
import { EXIT } from '../core/error-codes.ts';
import { reasonOf } from '../core/errors.ts';
import type { LogLevel } from '../core/logger.ts';
import { VERSION } from '../core/version.ts';
import { type RunningNode, startNode } from '../node/node.ts';
import type { ConfigurationSource } from '../node/steer/config-steering.ts';
import { asDistreamError, formatError } from './errors.ts';
import { growHeapGenerously } from './heap.ts';
import type { CliIo } from './io.ts';
import { type Log, type LogFormat, openLog } from './logging.ts';
import { nodeAgeWarning } from './node-age.ts';
import { untilStopped } from './stop.ts';

/** Options of the commands that run something. */
export interface RunOptions {
  readonly logLevel?: LogLevel | undefined;
  readonly logFormat?: LogFormat | undefined;
  readonly color: boolean;
}

/** Reads the configuration of a node anew; rejects as `loadConfig`. */
export type ReadAgain = (secrets: 'make' | 'preview') => Promise<LoadedConfig>;

/**
 * Runs a node until it is told to stop. Answers the exit code; rejects when the node cannot start.
 * @param read undefined: the configuration stays as it is
 */
export async function runNode(loaded: LoadedConfig, options: RunOptions, io: CliIo, read?: ReadAgain): Promise<number> {
  const { config } = loaded;
  growHeapGenerously();
  const log = openLog({
    level: options.logLevel ?? config.log.level,
    format: options.logFormat ?? (io.errIsTerminal ? 'pretty' : 'json'),
    colour: options.color && io.errIsTerminal,
    file: config.log.file,
    fileLevel: config.log.fileLevel,
    secrets: loaded.secrets,
    write: (line) => io.err(line),
  });
  for (const warning of config.warnings) log.warn(warning);
  const age = nodeAgeWarning(process.version, io.clock.utcMs());
  if (age) log.warn(age);
  const crashed = watchForCrash(log);
  try {
    const node = await startNode(config, {
      log,
      clock: io.clock,
      secrets: loaded.secrets,
      ...(read && { configuration: configurationOf(loaded, read, log) }),
    });
    tellStart(loaded, node, log);
    const stopReloading = io.onReload?.(() => void node.reload());
    const code = await Promise.race([untilStopped(io, log), crashed.happened]);
    stopReloading?.();
    await within(
      CLOSE_MS,
      io,
      node.close().catch((error: unknown) => log.error(STOP_FAILED, { reason: reasonOf(error) })),
    );
    return code;
  } finally {
    crashed.stop();
    await within(LOG_MS, io, log.close());
  }
}

/** The configuration as a node that runs sees it. */
function configurationOf(loaded: LoadedConfig, read: ReadAgain, log: Log): ConfigurationSource {
  const shown = ({ parts }: LoadedConfig) => effectiveYaml(effectiveConfig(parts));
  return {
    text: shown(loaded),
    read: async (purpose) => {
      const again = await read(purpose === 'use' ? 'make' : 'preview');
      log.hide(again.secrets);
      return { config: again.config, text: shown(again), secrets: again.secrets };
    },
    describe: (error) => formatError(asDistreamError(error), { json: false, colour: false }).trimEnd(),
  };
}

function tellStart({ config, madeSecrets }: LoadedConfig, { urls }: RunningNode, log: Log): void {
  const count = config.streams.length;
  log.info(`distream ${VERSION} runs ${count} ${count === 1 ? 'stream' : 'streams'}`, {
    configuration: config.origin,
    ...(urls.length && { open: urls.join(' ') }),
  });
  if (madeSecrets) {
    const made = `made ${madeSecrets} ${madeSecrets === 1 ? 'password' : 'passwords'}`;
    log.info(`${made}; \`distream credentials ${config.origin}\` shows what and where`);
  }
}

/** Time that a node has to end its connections, and its log to reach the disk; together under 2 s. */
const CLOSE_MS = 1600;
const LOG_MS = 300;
const STOP_FAILED = 'could not stop in order';

/** Resolves with `work`, or when the time is over. */
async function within(limitMs: number, io: CliIo, work: Promise<void>): Promise<void> {
  const timeout = new AbortController();
  await Promise.race([work, sleep(io.clock, limitMs, timeout.signal)]);
  timeout.abort();
}

/** An error that nobody caught leaves the program in an unknown state: say it, end in order, let the service manager start anew. */
function watchForCrash(log: Log): { happened: Promise<number>; stop(): void } {
  let onCrash = (_error: unknown) => {};
  const happened = new Promise<number>((resolve) => {
    onCrash = (error) => {
      log.error('internal error; the node ends', { reason: reasonOf(error), stack: (error as Error)?.stack });
      resolve(EXIT.failed);
    };
  });
  process.on('uncaughtException', onCrash);
  process.on('unhandledRejection', onCrash);
  return {
    happened,
    stop: () => {
      process.off('uncaughtException', onCrash);
      process.off('unhandledRejection', onCrash);
    },
  };
}
