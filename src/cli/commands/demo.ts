import { type Command, InvalidArgumentError } from 'commander';
import type { CliIo } from '../io.ts';
import { openLog } from '../logging.ts';
import { nodeAgeWarning } from '../node-age.ts';
import { addExamples, addLogOptions, type CommonOptions, type Outcome, wantsColour } from '../program.ts';
import { untilStopped } from '../stop.ts';
import { wholeNumber } from '../whole-number.ts';

interface DemoCommandOptions extends CommonOptions {
  readonly port?: number;
  readonly source?: string;
  readonly seed?: number;
}

/** `distream demo` */
export function addDemo(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('demo')
    .description('hear a station that goes on although its line fails; needs no configuration')
    .option('--port <port>', 'port for listeners (default: 8000, or the next free one)', portNumber)
    .option('--source <url>', 'a stream to play instead of the bundled music')
    .option('--seed <number>', 'decides when the line fails', seedNumber)
    .action(async (_options, self: Command) => {
      const options = self.optsWithGlobals<DemoCommandOptions>();
      const log = openLog({
        level: options.logLevel ?? 'error',
        format: options.logFormat ?? (io.errIsTerminal ? 'pretty' : 'json'),
        colour: wantsColour(options, io) && io.errIsTerminal,
        write: (line) => io.err(line),
      });
      const age = nodeAgeWarning(process.version, io.clock.utcMs());
      if (age) log.warn(age);
      const { runDemo } = await import('../../demo/run.ts');
      const stop = new AbortController();
      const stopping = untilStopped(io, log).then((code) => {
        outcome.code = code;
        stop.abort();
      });
      const { port, source, seed } = options;
      await runDemo({
        port,
        source,
        seed,
        clock: io.clock,
        log,
        signal: stop.signal,
        print: (line) => io.out(`${line}\n`),
      });
      if (stop.signal.aborted) await stopping;
    });
  addLogOptions(command);
  addExamples(command, [
    ['distream demo', 'plays the bundled music over a failing line'],
    ['distream demo --source http://radio.example.org/live', 'plays a real stream over it'],
    ['distream demo --port 9000', 'serves at another port'],
  ]);
}

function seedNumber(text: string): number {
  const seed = wholeNumber(text, 0, 999_999_999);
  if (seed === undefined) throw new InvalidArgumentError('Expected a whole number.');
  return seed;
}

function portNumber(text: string): number {
  const port = wholeNumber(text, 1, 65_534);
  if (port === undefined) throw new InvalidArgumentError('Expected a port from 1 to 65534.');
  return port;
}
