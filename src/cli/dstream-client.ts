/**
 * The command `dsclient`: fetches a file of a swarm.
 * @module
 */
import { Option } from 'commander';
import { systemClock } from '../core/clock.ts';
import { EXIT } from '../core/error-codes.ts';
import { DistreamError } from '../core/errors.ts';
import { configOf } from './dstream.ts';
import { type CliIo, processIo } from './io.ts';
import { portNumber } from './port-number.ts';
import { addExamples, newProgram, type Outcome, runProgram } from './program.ts';

interface ClientOptions {
  readonly output?: string;
  readonly url?: string;
  readonly listen?: number;
  readonly conf?: string;
  readonly config?: string;
  readonly upload: boolean;
  readonly quiet?: boolean;
  readonly dialect: '1' | '2';
}

const STALL_MS = 120_000;

/** Runs `dsclient` with these arguments (without interpreter and script). Answers the exit code. */
export function runDsclient(args: readonly string[], io: CliIo = processIo(systemClock)): Promise<number> {
  const outcome: Outcome = { code: EXIT.ok };
  const program = newProgram('dsclient', 'Fetches a file from a swarm, and gives it to others meanwhile.', io)
    .argument('[url]', 'pdtp://host[:port]/path')
    .option('-o, --output <file>', 'write to this file; - is standard output, in order as it arrives')
    .option('--url <url>', 'the address, as the first release has it')
    .addOption(new Option('--listen <port>', 'first port that is tried for giving').argParser(portNumber))
    .option('--conf <file>', 'configuration file with listen_port and request_url')
    .addOption(new Option('--config <file>', 'the same as --conf').conflicts('conf'))
    .option('--no-upload', 'give nothing to others')
    .option('-q, --quiet', 'no progress, only errors')
    .addOption(new Option('--dialect <number>', 'of PDTP: 1 is DistribuStream 0.1.0').choices(['1', '2']).default('1'))
    .action(async (argument: string | undefined, options: ClientOptions) => {
      const config = configOf(options.conf ?? options.config);
      const { url, output } = addressOf(argument ?? options.url ?? config.requestUrl, options.output);
      const { runGet } = await import('./swarm/run-get.ts');
      outcome.code = await runGet(
        {
          url,
          output,
          listenHost: '::',
          listenPort: options.listen ?? config.listenPort,
          upload: options.upload,
          dialect: options.dialect === '1' ? 1 : 2,
          stallMs: STALL_MS,
          quiet: options.quiet === true,
        },
        io,
      );
    });
  addExamples(program, [
    ['dsclient pdtp://example.com/song.mp3', 'fetches song.mp3 into this folder'],
    ['dsclient -o - pdtp://example.com/song.mp3 | mpv -', 'plays it while it arrives'],
    ['dsclient -o pdtp://example.com/song.mp3 | mpv -', 'the same'],
  ]);
  program.addHelpText(
    'after',
    '\nExit codes: 0 all there and every hash right, 1 failed, 2 wrong command line, 5 the server cannot be reached or has no such file, 130 Ctrl-C',
  );
  return runProgram(program, args, outcome, io);
}

/** What is meant by the address and `-o`: an address as the value of `-o` is one for standard output. */
function addressOf(url: string | undefined, output: string | undefined): { url: string; output: string | undefined } {
  if (url === undefined && output !== undefined && /^pdtp:\/\//i.test(output)) return { url: output, output: '-' };
  if (url === undefined) throw new DistreamError('USAGE', { reason: 'there is no address: pdtp://host/path' });
  return { url, output };
}
