/**
 * The command `distream`: parses, calls the parts below, prints. One file a command.
 * @module
 */
import type { Command } from 'commander';
import { systemClock } from '../core/clock.ts';
import { EXIT } from '../core/error-codes.ts';
import { type CliIo, processIo } from './io.ts';
import { addExamples, distreamProgram, type Outcome, runProgram } from './program.ts';

type AddCommand = (program: Command, outcome: Outcome, io: CliIo) => void;

/** In the order of the help. Only the command that is asked for is loaded: all of them take half a second of a core. */
const COMMANDS: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ['run', async () => (await import('./commands/run.ts')).addRun],
  ['check', async () => (await import('./commands/check.ts')).addCheck],
  ['status', async () => (await import('./commands/status.ts')).addStatus],
  ['demo', async () => (await import('./commands/demo.ts')).addDemo],
  ['credentials', async () => (await import('./commands/credentials.ts')).addCredentials],
  ['passwd', async () => (await import('./commands/passwd.ts')).addPasswd],
  ['keygen', async () => (await import('./commands/keygen.ts')).addKeygen],
  ['verify', async () => (await import('./commands/verify.ts')).addVerify],
  ['send', async () => (await import('./commands/send.ts')).addSend],
  ['simulate', async () => (await import('./commands/simulate.ts')).addSimulate],
  ['serve', async () => (await import('./commands/serve.ts')).addServe],
  ['ticket', async () => (await import('./commands/ticket.ts')).addTicket],
  ['get', async () => (await import('./commands/get.ts')).addGet],
  ['seed', async () => (await import('./commands/seed.ts')).addSeed],
  ['record', async () => (await import('./commands/record.ts')).addRecord],
  ['repair', async () => (await import('./commands/repair.ts')).addRepair],
  ['doctor', async () => (await import('./commands/doctor.ts')).addDoctor],
]);

/** Runs `distream` with these arguments (without interpreter and script). Answers the exit code. */
export async function runDistream(args: readonly string[], io: CliIo = processIo(systemClock)): Promise<number> {
  const outcome: Outcome = { code: EXIT.ok };
  const program = distreamProgram(io);
  const named = COMMANDS.get(args.find((arg) => !arg.startsWith('-')) ?? '');
  for (const load of named ? [named] : COMMANDS.values()) (await load())(program, outcome, io);
  addExamples(program, [
    ['distream demo', 'hear a station that outlives its failing line'],
    ['distream run', 'run the node of distream.yaml'],
    ['distream check', 'validate distream.yaml'],
  ]);
  if (!args.length) {
    program.outputHelp();
    return EXIT.ok;
  }
  return runProgram(program, args, outcome, io);
}
