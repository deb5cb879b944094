import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { generatePrivateKey, generateSharedKey, parseKey, publicKeyOf } from '../../protocols/link/keys.ts';
import type { CliIo } from '../io.ts';
import { addExamples, type CommonOptions, type Outcome } from '../program.ts';

/** A key file has one line. */
const MAX_KEY_FILE_BYTES = 4096;
const STANDARD_INPUT = 0;

interface KeygenOptions extends CommonOptions {
  readonly shared?: boolean;
  readonly out?: string;
  readonly publicOf?: string;
}

/** What is told of a key; what it does not have, or what went to a file, is left out. */
interface KeyReport {
  readonly privateKey?: string;
  readonly publicKey?: string;
  readonly sharedKey?: string;
  readonly file?: string;
}

/** `distream keygen` */
export function addKeygen(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('keygen')
    .description('make a key for links to other nodes')
    .option('--shared', 'one key for both sides, instead of a private and a public key')
    .option('--out <file>', 'write the secret key to a new file that only you can read')
    .option('--public-of <file>', 'print the public key of the private key in this file; - is standard input')
    .option('--json', 'print one JSON object')
    .action((_options, self: Command) => {
      const options = self.optsWithGlobals<KeygenOptions>();
      if (options.publicOf !== undefined && (options.shared || options.out !== undefined)) {
        throw new DistreamError('USAGE', { reason: '--public-of makes no key: leave out --shared and --out' });
      }
      const report = options.publicOf === undefined ? make(options) : { publicKey: publicKeyIn(options.publicOf) };
      if (options.json) io.out(`${JSON.stringify(report, null, 2)}\n`);
      else tell(report, io);
      outcome.code = 0;
    });
  addExamples(command, [
    ['distream keygen --out link.key', 'keeps the private key in link.key, prints the public key'],
    ['distream keygen', 'prints both'],
    ['distream keygen --shared', 'prints a key for both sides'],
    ['distream keygen --public-of link.key', 'prints the public key again'],
  ]);
}

function make({ shared = false, out }: KeygenOptions): KeyReport {
  const secret = shared ? generateSharedKey() : generatePrivateKey();
  if (out !== undefined) writeSecret(out, secret);
  const kept = out === undefined ? (shared ? { sharedKey: secret } : { privateKey: secret }) : { file: out };
  return shared ? kept : { ...kept, publicKey: publicKeyOf(secret)! };
}

/** An existing file stays: somebody may still need its key. */
function writeSecret(file: string, secret: string): void {
  if (existsSync(file)) {
    throw new DistreamError('USAGE', { reason: `${file} is there already; a key is never overwritten` });
  }
  try {
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    throw new DistreamError('FILE_UNWRITABLE', { path: file, reason: reasonOf(error) }, { cause: error });
  }
}

function publicKeyIn(file: string): string {
  const name = file === '-' ? 'standard input' : file;
  const text = readKeyFile(file, name);
  const parsed = parseKey(text, 'private');
  const publicKey = publicKeyOf(text);
  if (publicKey !== undefined) return publicKey;
  throw new DistreamError('USAGE', { reason: `${name}: ${parsed.kind === 'invalid' ? parsed.reason : 'no key'}` });
}

function readKeyFile(file: string, name: string): string {
  try {
    const text = readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8');
    return text.slice(0, MAX_KEY_FILE_BYTES);
  } catch (error) {
    const code = (error as { code?: string }).code === 'ENOENT' ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE';
    throw new DistreamError(code, { path: name, reason: reasonOf(error) }, { cause: error });
  }
}

/** What a script wants is alone on standard output; what people need to know with it is on standard error. */
function tell({ privateKey, publicKey, sharedKey, file }: KeyReport, io: CliIo): void {
  const use = 'For the other side, no secret: `peer: ` and this key.';
  if (privateKey !== undefined) {
    io.out(`private key  ${privateKey}\n  Stays here and is told nobody: \`link: { key: ... }\`.\n`);
    io.out(`public key   ${publicKey}\n  ${use}\n`);
    return;
  }
  const key = publicKey ?? sharedKey;
  if (key !== undefined) io.out(`${key}\n`);
  if (sharedKey !== undefined) io.err('Secret: as `sharedKey` at both sides, and nowhere else.\n');
  if (file === undefined) return;
  if (publicKey !== undefined) io.err(`${use}\n`);
  io.err(`Kept in ${file}, which only you can read.\n`);
  if (publicKey !== undefined) io.err(`Here: \`link: { key: { file: ${file} } }\`.\n`);
  else io.err(`Secret: as \`sharedKey: { file: ${file} }\` at both sides.\n`);
}
