import { createHash, randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { stateDirOf } from '../../config/credentials.ts';
import { DistreamError } from '../../core/errors.ts';
import { secretEquals } from '../../core/secret.ts';
import { keepPassword, passwordFileOf } from '../../node/access/password-file.ts';
import { hashPassword } from '../../node/access/password-hash.ts';
import type { CliIo } from '../io.ts';
import { addExamples, type CommonOptions, type Outcome } from '../program.ts';
import { DEFAULT_FILE } from './run.ts';

const MIN_LENGTH = 10;
const MAX_LENGTH = 1024;
const USER = /^[^\u0000-\u001f\u007f:]{1,64}$/;

interface PasswdOptions extends CommonOptions {
  readonly user: string;
  readonly token?: boolean;
}

/** `distream passwd [FILE]` */
export function addPasswd(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('passwd')
    .description('set the password with which an administrator signs in to the pages')
    .argument('[file]', 'configuration of the node', DEFAULT_FILE)
    .option('--user <name>', 'who signs in', 'admin')
    .option('--token', 'make a token for a machine instead; nothing is kept')
    .option('--json', 'print one JSON object')
    .action(async (file: string, _options, self: Command) => {
      const options = self.optsWithGlobals<PasswdOptions>();
      if (options.token) io.out(tokenText(options));
      else {
        const path = passwordFileOf(stateDirOf(dirname(resolve(file)), io.env));
        if (!USER.test(options.user)) throw usage('a user has 1 to 64 characters, and no colon among them');
        keepPassword(path, options.user, await hashPassword(await newPassword(options.user, io)));
        io.out(
          options.json
            ? `${JSON.stringify({ user: options.user, file: path }, null, 2)}\n`
            : `${options.user} can sign in now. Its hash is kept in ${path}\n`,
        );
      }
      outcome.code = 0;
    })
    .addHelpText(
      'after',
      `
The password is asked for twice. From a script, pipe it in: its first line is taken.
Only its scrypt hash is kept, beside the configuration, for its owner only. A node
that runs takes it at once.
`,
    );
  addExamples(command, [
    ['distream passwd', `for the node of ${DEFAULT_FILE}`],
    ['distream passwd --user ada station.yaml', 'another administrator of another node'],
    ['distream passwd --token', 'a token for `Authorization: Bearer`'],
  ]);
}

async function newPassword(user: string, io: CliIo): Promise<string> {
  const first = await io.askSecret?.(`New password for ${user}: `);
  if (first === undefined) {
    const piped = (await io.readInput?.()) ?? '';
    return checked(piped.split(/\r?\n/, 1)[0]!);
  }
  const again = await io.askSecret?.('Again: ');
  if (!secretEquals(again ?? '', first)) throw usage('the two are not the same; nothing was changed');
  return checked(first);
}

function checked(password: string): string {
  if (password.length < MIN_LENGTH) throw usage(`a password has at least ${MIN_LENGTH} characters`);
  if (password.length > MAX_LENGTH) throw usage(`a password has at most ${MAX_LENGTH} characters`);
  return password;
}

function tokenText({ json }: PasswdOptions): string {
  const token = randomBytes(32).toString('base64url');
  const sha256 = `sha256:${createHash('sha256').update(token).digest('hex')}`;
  if (json) return `${JSON.stringify({ token, sha256 }, null, 2)}\n`;
  return `${token}\nFor the machine alone: Authorization: Bearer and this token.\n${sha256}\nFor the configuration: admin: { tokens: { NAME: ... } }.\n`;
}

function usage(reason: string): DistreamError {
  return new DistreamError('USAGE', { reason });
}
