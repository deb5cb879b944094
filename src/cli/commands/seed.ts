import { type Command, InvalidArgumentError, Option } from 'commander';
import { parsePdtpUrl } from '../../protocols/pdtp/pdtp-url.ts';
import type { CliIo } from '../io.ts';
import { portNumber } from '../port-number.ts';
import { addExamples, addLogOptions, type CommonOptions, type Outcome, wantsColour } from '../program.ts';

interface SeedOptions extends CommonOptions {
  readonly givePort: number;
  readonly name?: string;
  readonly dialect: '1' | '2';
}

const GIVE_PORT = 8000;

/** `distream seed URL [DIR]` */
export function addSeed(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('seed')
    .description("give a copy of a server's folder to its swarm")
    .argument('<server>', 'pdtp://host[:port]', serverAddress)
    .argument('[folder]', 'folder with the same files', '.')
    .addOption(
      new Option('--give-port <port>', 'first port that is tried for giving').argParser(portNumber).default(GIVE_PORT),
    )
    .option('--name <host>', "the server's virtual host (default: its host)")
    .addOption(new Option('--dialect <number>', 'of PDTP: 1 is DistribuStream 0.1.0').choices(['1', '2']).default('1'))
    .action(async (server: { host: string; port: number }, folder: string, _options, self: Command) => {
      const options = self.optsWithGlobals<SeedOptions>();
      const { runSeedCommand } = await import('../swarm/run-seed.ts');
      outcome.code = await runSeedCommand(
        {
          ...server,
          virtualHost: options.name ?? server.host,
          fileRoot: folder,
          listenHost: '::',
          listenPort: options.givePort,
          dialect: options.dialect === '1' ? 1 : 2,
          logLevel: options.logLevel ?? 'info',
          logfile: undefined,
          colour: wantsColour(options, io),
        },
        io,
      );
    });
  addLogOptions(command);
  addExamples(command, [['distream seed pdtp://example.org music', 'gives the files of the folder music']]);
}

function serverAddress(text: string): { host: string; port: number } {
  const url = parsePdtpUrl(`${text.replace(/\/+$/, '')}/x`);
  if (!url) throw new InvalidArgumentError('Expected an address such as pdtp://example.org.');
  return { host: url.host, port: url.port };
}
