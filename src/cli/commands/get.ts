import { type Command, InvalidArgumentError, Option } from 'commander';
import { bitRate } from '../bit-rate.ts';
import type { CliIo } from '../io.ts';
import { portNumber } from '../port-number.ts';
import { addExamples, type CommonOptions, type Outcome } from '../program.ts';
import { wholeNumber } from '../whole-number.ts';

interface GetOptions extends CommonOptions {
  readonly output?: string;
  readonly givePort: number;
  readonly upload: boolean;
  readonly quiet?: boolean;
  readonly timeout: number;
  readonly dialect: '1' | '2';
  readonly uploadLimit: number;
  readonly stay: number;
}

const GIVE_PORT = 8000;
const TIMEOUT_SECONDS = 120;

/** `distream get URL` */
export function addGet(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('get')
    .description('fetch a file from a swarm, or play a live stream of one')
    .argument('<url>', 'pdtp://host[:port]/path or pdtps://host[:port]/path#key=KEY')
    .option('-o, --output <file>', 'write to this file; - is standard output, in order as it arrives')
    .addOption(
      new Option('--give-port <port>', 'first port that is tried for giving').argParser(portNumber).default(GIVE_PORT),
    )
    .option('--no-upload', 'give nothing to others')
    .addOption(
      new Option('--upload-limit <rate>', 'most that is given to others, such as 2M (bits a second; pdtps only)')
        .argParser(bitRate)
        .default(0, 'none'),
    )
    .addOption(
      new Option('--stay <seconds>', 'go on giving for so long after the end (pdtps only)')
        .argParser(seconds)
        .default(0),
    )
    .option('-q, --quiet', 'no progress, only errors')
    .addOption(
      new Option('--timeout <seconds>', 'give up when no chunk came for so long')
        .argParser(seconds)
        .default(TIMEOUT_SECONDS),
    )
    .addOption(new Option('--dialect <number>', 'of PDTP: 1 is DistribuStream 0.1.0').choices(['1', '2']).default('1'))
    .action(async (url: string, _options, self: Command) => {
      const options = self.optsWithGlobals<GetOptions>();
      const { runGet } = await import('../swarm/run-get.ts');
      outcome.code = await runGet(
        {
          url,
          output: options.output,
          listenHost: '::',
          listenPort: options.givePort,
          upload: options.upload,
          dialect: options.dialect === '1' ? 1 : 2,
          stallMs: options.timeout * 1000,
          quiet: options.quiet === true,
          uploadLimit: options.uploadLimit,
          stayMs: options.stay * 1000,
        },
        io,
      );
    });
  command.addHelpText(
    'after',
    '\nExit codes: 0 all there and every hash right; 1 failed; 5 the server cannot be reached\nor has no such file; 130 Ctrl-C. What is there is kept in FILE.part, and verified next time.',
  );
  addExamples(command, [
    ['distream get pdtp://example.org/song.mp3', 'into song.mp3 of this folder'],
    ['distream get -o - pdtp://example.org/song.mp3 | mpv -', 'plays it while it arrives'],
  ]);
}

function seconds(text: string): number {
  const value = wholeNumber(text, 1, 99_999);
  if (value === undefined) throw new InvalidArgumentError('Expected whole seconds.');
  return value;
}
