/**
 * The commands `dstream` and `distribustream`: DistribuStream's server, for its configuration files.
 * @module
 */
import { Option } from 'commander';
import { systemClock } from '../core/clock.ts';
import { EXIT } from '../core/error-codes.ts';
import { DSTREAM_DEFAULTS, type DstreamConfig, loadDstreamConfig } from './dstream-config.ts';
import { type CliIo, processIo } from './io.ts';
import { portNumber } from './port-number.ts';
import { addExamples, newProgram, type Outcome, runProgram, wantsColour } from './program.ts';

interface ServerOptions {
  readonly conf?: string;
  readonly config?: string;
  readonly listen?: string;
  readonly port?: number;
  readonly foreground?: boolean;
  readonly color?: boolean;
}

/** Runs `dstream` with these arguments (without interpreter and script). Answers the exit code. */
export function runDstream(args: readonly string[], io: CliIo = processIo(systemClock)): Promise<number> {
  const outcome: Outcome = { code: EXIT.ok };
  const program = newProgram('dstream', 'Publishes the files of a folder to a swarm that carries them (PDTP).', io)
    .option('--conf <file>', 'configuration file; without one the files of this folder are published')
    .addOption(new Option('--config <file>', 'the same as --conf').conflicts('conf'))
    .option('--listen <address>', 'address to listen on')
    .addOption(new Option('--port <port>', 'port of PDTP; the status page is at the next one').argParser(portNumber))
    .option('--foreground', 'stay in the foreground; it always does')
    .action(async (options: ServerOptions) => {
      const config = configOf(options.conf ?? options.config);
      const host = options.listen ?? config.host;
      if (config.daemonize && !options.foreground) {
        io.err('it stays in the foreground; a service manager puts it into the background\n');
      }
      const { runServer } = await import('./swarm/run-server.ts');
      outcome.code = await runServer(
        {
          host,
          port: options.port ?? config.port,
          virtualHost: config.vhost || host,
          fileRoot: config.fileRoot,
          chunkSize: config.chunkSize,
          listenPort: config.listenPort,
          logLevel: config.quiet ? 'info' : 'debug',
          logFormat: undefined,
          logfile: config.logfile,
          colour: wantsColour(options, io),
        },
        io,
      );
    });
  addExamples(program, [
    ['dstream --conf conf/example.yml', 'publishes what the file says'],
    ['dstream --port 7000', 'publishes this folder; status page at port 7001'],
  ]);
  return runProgram(program, args, outcome, io);
}

/** The configuration of a command: a file's, or the defaults. Throws as `loadDstreamConfig`. */
export function configOf(file: string | undefined): DstreamConfig {
  return file === undefined ? DSTREAM_DEFAULTS : loadDstreamConfig(file);
}
