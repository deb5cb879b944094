/**
 * The command `distream`: parses, calls the parts below, prints. One file a command.
 * @module
 */
import { systemClock } from '../core/clock.ts';
import { EXIT } from '../core/error-codes.ts';
import { addCheck } from './commands/check.ts';
import { addCredentials } from './commands/credentials.ts';
import { addDemo } from './commands/demo.ts';
import { addDoctor } from './commands/doctor.ts';
import { addGet } from './commands/get.ts';
import { addKeygen } from './commands/keygen.ts';
import { addPasswd } from './commands/passwd.ts';
import { addRecord } from './commands/record.ts';
import { addRepair } from './commands/repair.ts';
import { addRun } from './commands/run.ts';
import { addSeed } from './commands/seed.ts';
import { addSend } from './commands/send.ts';
import { addServe } from './commands/serve.ts';
import { addSimulate } from './commands/simulate.ts';
import { addStatus } from './commands/status.ts';
import { addVerify } from './commands/verify.ts';
import { type CliIo, processIo } from './io.ts';
import { addExamples, newProgram, type Outcome, runProgram } from './program.ts';

/** Runs `distream` with these arguments (without interpreter and script). Answers the exit code. */
export async function runDistream(args: readonly string[], io: CliIo = processIo(systemClock)): Promise<number> {
  const outcome: Outcome = { code: EXIT.ok };
  const program = newProgram('distream', 'Live audio that survives the network.', io);
  addRun(program, outcome, io);
  addCheck(program, outcome, io);
  addStatus(program, outcome, io);
  addDemo(program, outcome, io);
  addCredentials(program, outcome, io);
  addPasswd(program, outcome, io);
  addKeygen(program, outcome, io);
  addVerify(program, outcome, io);
  addSend(program, outcome, io);
  addSimulate(program, outcome, io);
  addServe(program, outcome, io);
  addGet(program, outcome, io);
  addSeed(program, outcome, io);
  addRecord(program, outcome, io);
  addRepair(program, outcome, io);
  addDoctor(program, outcome, io);
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
