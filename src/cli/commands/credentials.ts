import type { Command } from 'commander';
import { type GeneratedSecret, generatedSecrets } from '../../config/generated-secrets.ts';
import { table } from '../../core/table.ts';
import type { CliIo } from '../io.ts';
import { addExamples, type CommonOptions, type Outcome } from '../program.ts';
import { DEFAULT_FILE } from './run.ts';

/** `distream credentials [FILE]` */
export function addCredentials(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('credentials')
    .description('show the passwords and keys that the node made, and where to use them')
    .argument('[file]', 'configuration', DEFAULT_FILE)
    .option('--json', 'print one JSON object')
    .action(async (file: string, _options, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions>();
      const { loadConfig } = await import('../../config/load.ts');
      const loaded = await loadConfig([file], { env: io.env, secrets: 'preview' });
      const secrets = generatedSecrets(loaded);
      if (options.json) io.out(`${JSON.stringify({ file: loaded.credentials.path, secrets }, null, 2)}\n`);
      else io.out(forPeople(secrets, loaded.credentials.path));
      outcome.code = 0;
    });
  addExamples(command, [
    ['distream credentials', `shows those of ${DEFAULT_FILE}`],
    ['distream credentials --json station.yaml', 'prints JSON'],
  ]);
}

function forPeople(secrets: readonly GeneratedSecret[], path: string): string {
  if (!secrets.length) return 'No passwords were made: the configuration names them all.\n';
  const rows = secrets.map(({ key, user, password, publicKey }) => [
    key,
    user ?? '',
    password ?? publicKey ?? 'made when the node first starts',
  ]);
  const uses = secrets.map(({ key, use }) => `${key}\n  ${use}\n`);
  return `${table([['WHAT', 'USER', 'PASSWORD OR PUBLIC KEY'], ...rows])}\n${uses.join('')}\nKept in ${path}\n`;
}
