/**
 * The command `distreamer`: DiStreamer's own, for its configuration files and variables.
 * @module
 */
import type { Command } from 'commander';
import { loadDistreamerDefault, loadDistreamerFiles } from '../config/load.ts';
import { systemClock } from '../core/clock.ts';
import { EXIT } from '../core/error-codes.ts';
import { type CliIo, processIo } from './io.ts';
import {
  addExamples,
  addLogOptions,
  type CommonOptions,
  newProgram,
  type Outcome,
  runProgram,
  wantsColour,
} from './program.ts';

/** Runs `distreamer` with these arguments (without interpreter and script). Answers the exit code. */
export function runDistreamer(args: readonly string[], io: CliIo = processIo(systemClock)): Promise<number> {
  const outcome: Outcome = { code: EXIT.ok };
  const program = newProgram('distreamer', "Runs DiStreamer's configuration files.", io)
    .argument('[files...]', 'INI files, each a stream (default: distreamer.conf, else the DS_* variables)')
    .action(async (files: string[], _options, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions>();
      const load = { env: io.env, secrets: 'make' } as const;
      const loaded = files.length ? await loadDistreamerFiles(files, load) : await loadDistreamerDefault(load);
      const { runNode } = await import('./run-node.ts');
      outcome.code = await runNode(loaded, { ...options, color: wantsColour(options, io) }, io);
    });
  addLogOptions(program);
  addExamples(program, [
    ['distreamer', 'runs distreamer.conf of this folder'],
    ['distreamer a.conf b.conf', 'runs two streams in one process'],
    ['DS_INPUT_MODE=... distreamer', 'runs what the DS_* variables say'],
    ['distream check a.conf', 'shows the same as YAML'],
  ]);
  return runProgram(program, args, outcome, io);
}
