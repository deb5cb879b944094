/**
 * The command `audionode`: another name of `distream record`.
 * @module
 */
import { systemClock } from '../core/clock.ts';
import { EXIT } from '../core/error-codes.ts';
import { defineRecord } from './commands/record.ts';
import { type CliIo, processIo } from './io.ts';
import { newProgram, type Outcome, runProgram } from './program.ts';

/** Runs `audionode` with these arguments (without interpreter and script). Answers the exit code. */
export function runAudionode(args: readonly string[], io: CliIo = processIo(systemClock)): Promise<number> {
  const outcome: Outcome = { code: EXIT.ok };
  const program = newProgram('audionode', '', io);
  defineRecord(program, 'audionode', outcome, io);
  return runProgram(program, args, outcome, io);
}
