import { Command, CommanderError, Option } from 'commander';
import { EXIT } from '../core/error-codes.ts';
import { VERSION } from '../core/version.ts';
import { asDistreamError, formatError } from './errors.ts';
import type { CliIo } from './io.ts';
import type { LogFormat } from './logging.ts';
import type { RunOptions } from './run-node.ts';

/** What commander gathers for a command that runs something. */
export interface CommonOptions extends RunOptions {
  readonly json?: boolean;
}

/** The exit code that a command left behind; commander's actions answer nothing. */
export interface Outcome {
  code: number;
}

/** A command with the conventions that all share: help, version, colours, texts to the right streams. */
export function newProgram(name: string, summary: string, io: CliIo): Command {
  const program = new Command(name)
    .description(summary)
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .option('--no-color', 'no colours; the variable NO_COLOR does the same')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) });
  return program;
}

/** The program `distream`, without its commands. */
export function distreamProgram(io: CliIo): Command {
  return newProgram('distream', 'Live audio that survives the network.', io);
}

/** `--log-level` and `--log-format`. */
export function addLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--log-level <level>', 'how much is logged; wins over the configuration').choices([
        'silent',
        'error',
        'warn',
        'info',
        'debug',
      ]),
    )
    .addOption(
      new Option('--log-format <format>', 'lines for people or JSON (default: pretty on a terminal)').choices([
        'pretty',
        'json',
      ] satisfies LogFormat[]),
    );
}

/** Appends examples to a command's help. */
export function addExamples(command: Command, examples: readonly (readonly [string, string])[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, meaning]) => `  ${line.padEnd(width)}   ${meaning}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** True when colours may be used; who sets NO_COLOR or says --no-color gets none. */
export function wantsColour(options: { readonly color?: boolean }, io: CliIo): boolean {
  return options.color !== false && !io.env.NO_COLOR;
}

/**
 * Parses and runs. Answers the exit code; every error was printed.
 * @param args without the interpreter and the script
 */
export async function runProgram(
  program: Command,
  args: readonly string[],
  outcome: Outcome,
  io: CliIo,
): Promise<number> {
  try {
    await program.parseAsync([...args], { from: 'user' });
    return outcome.code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok;
      if (error.code !== 'commander.help') io.err(`  fix: see ${program.name()} --help\n`);
      return EXIT.usage;
    }
    const known = asDistreamError(error);
    const json = args.includes('--json') || args.join(' ').includes('--log-format json');
    io.err(formatError(known, { json, colour: !args.includes('--no-color') && !io.env.NO_COLOR && io.errIsTerminal }));
    if (known.code === 'INTERNAL' && io.env.DISTREAM_DEBUG) io.err(`${String((error as Error)?.stack)}\n`);
    return known.exitCode;
  }
}
