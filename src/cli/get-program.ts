/**
 * `distream get` alone, of which the build makes one file: a listener's machine need not find and read eighty modules.
 * @module
 */
import { systemClock } from '../core/clock.ts';
import { EXIT } from '../core/error-codes.ts';
import { addGet } from './commands/get.ts';
import { type CliIo, processIo } from './io.ts';
import { distreamProgram, type Outcome, runProgram } from './program.ts';

/** Runs `distream get` with these arguments (the first is `get`). Answers the exit code. */
export async function runGetProgram(args: readonly string[], io: CliIo = processIo(systemClock)): Promise<number> {
  const outcome: Outcome = { code: EXIT.ok };
  const program = distreamProgram(io);
  addGet(program, outcome, io);
  return runProgram(program, args, outcome, io);
}
