import type { Command } from 'commander';
import { effectiveConfig, effectiveJson, effectiveYaml } from '../../config/effective.ts';
import type { CliIo } from '../io.ts';
import { paint } from '../paint.ts';
import { addExamples, type CommonOptions, type Outcome, wantsColour } from '../program.ts';
import { DEFAULT_FILE } from './run.ts';

/** `distream check [FILE...]` */
export function addCheck(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('check')
    .description('validate a configuration and print what takes effect, secrets masked')
    .argument('[files...]', `configuration (default: ${DEFAULT_FILE})`)
    .option('--json', 'print one JSON object')
    .action(async (files: string[], _options, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions>();
      const { loadConfig } = await import('../../config/load.ts');
      const loaded = await loadConfig(files.length ? files : [DEFAULT_FILE], { env: io.env, secrets: 'preview' });
      const { warnings } = loaded.config;
      const effective = effectiveConfig(loaded.parts);
      if (options.json) {
        io.out(`${JSON.stringify({ file: loaded.config.origin, ...effectiveJson(effective), warnings }, null, 2)}\n`);
      } else {
        const colour = wantsColour(options, io) && io.errIsTerminal;
        for (const warning of warnings) io.err(`${paint.yellow('warning:', colour)} ${warning}\n`);
        io.out(`# ${loaded.config.origin} is well. This is what takes effect:\n${effectiveYaml(effective)}`);
      }
      outcome.code = 0;
    });
  addExamples(command, [
    ['distream check', `checks ${DEFAULT_FILE} of this folder`],
    ['distream check station.conf', 'shows a DiStreamer configuration as YAML'],
    ['distream check --json station.yaml', 'prints JSON, with where each default came from'],
  ]);
}
