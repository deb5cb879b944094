import type { Command } from 'commander';
import type { CliIo } from '../io.ts';
import { addExamples, addLogOptions, type CommonOptions, type Outcome, wantsColour } from '../program.ts';

/** The file that is read when none is named. */
export const DEFAULT_FILE = 'distream.yaml';

/** `distream run [FILE...]` */
export function addRun(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('run')
    .description('run a node from a YAML file, or from DiStreamer INI files (.conf)')
    .argument('[files...]', `configuration (default: ${DEFAULT_FILE})`)
    .action(async (files: string[], _options, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions>();
      const { loadConfig } = await import('../../config/load.ts');
      const read = (secrets: 'make' | 'preview') =>
        loadConfig(files.length ? files : [DEFAULT_FILE], { env: io.env, secrets });
      const loaded = await read('make');
      // A node is much code; commands that only read do not wait for it.
      const { runNode } = await import('../run-node.ts');
      outcome.code = await runNode(loaded, { ...options, color: wantsColour(options, io) }, io, read);
    });
  addLogOptions(command);
  addExamples(command, [
    ['distream run', `runs ${DEFAULT_FILE} of this folder`],
    ['distream run station.yaml', 'runs another file'],
    ['distream run a.conf b.conf', 'runs two DiStreamer configurations in one process'],
    ['distream run --log-format json', 'writes the log as JSON lines'],
  ]);
}
