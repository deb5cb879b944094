/**
 * The command `dsseed`: gives every file of a server's folder to its swarm.
 * @module
 */
import { Option } from 'commander';
import { systemClock } from '../core/clock.ts';
import { EXIT } from '../core/error-codes.ts';
import { configOf } from './dstream.ts';
import { type CliIo, processIo } from './io.ts';
import { addExamples, newProgram, type Outcome, runProgram, wantsColour } from './program.ts';

interface SeedOptions {
  readonly conf?: string;
  readonly config?: string;
  readonly dialect: '1' | '2';
  readonly color?: boolean;
}

/** Runs `dsseed` with these arguments (without interpreter and script). Answers the exit code. */
export function runDsseed(args: readonly string[], io: CliIo = processIo(systemClock)): Promise<number> {
  const outcome: Outcome = { code: EXIT.ok };
  const program = newProgram('dsseed', 'Gives every file of a folder to the swarm of a dstream server.', io)
    .option('--conf <file>', 'configuration file of the server')
    .addOption(new Option('--config <file>', 'the same as --conf').conflicts('conf'))
    .addOption(new Option('--dialect <number>', 'of PDTP: 1 is DistribuStream 0.1.0').choices(['1', '2']).default('1'))
    .action(async (options: SeedOptions) => {
      const config = configOf(options.conf ?? options.config);
      const { runSeedCommand } = await import('./swarm/run-seed.ts');
      outcome.code = await runSeedCommand(
        {
          host: config.host,
          port: config.port,
          virtualHost: config.vhost || config.host,
          fileRoot: config.fileRoot,
          listenHost: '::',
          listenPort: config.listenPort,
          dialect: options.dialect === '1' ? 1 : 2,
          logLevel: config.quiet ? 'info' : 'debug',
          logfile: config.logfile,
          colour: wantsColour(options, io),
        },
        io,
      );
    });
  addExamples(program, [['dsseed --conf conf/example.yml', "gives the files of that server's folder"]]);
  return runProgram(program, args, outcome, io);
}
