/**
 * How a command signs in to a node as its administrator. A password never stands on the command line but in an address
 * that the user wrote so, and never goes over a network in the clear unless the user says so.
 * @module
 */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { generatedSecrets } from '../config/generated-secrets.ts';
import { DistreamError } from '../core/errors.ts';
import { isLoopbackAddress } from '../node/http/local-address.ts';
import type { CliIo } from './io.ts';
import type { Login } from './node-client.ts';

/** The variable that holds the administrator's password. */
const PASSWORD_VARIABLE = 'DISTREAM_ADMIN_PASSWORD';
const DEFAULT_USER = 'admin';
/** The file that is read when none is named; see `distream run`. */
const DEFAULT_FILE = 'distream.yaml';

/** Options of `addSignInOptions`. */
export interface SignInOptions {
  readonly user?: string;
  readonly config?: string;
  readonly insecure?: boolean;
}

/** The node of a configuration of this machine, as far as a command that asks it must know. */
export interface LocalNode {
  readonly port: number | undefined;
  /** Undefined: it was not made yet. */
  readonly login: Login | undefined;
}

/** A login, and who chose it. */
export interface SignIn {
  readonly login: Login;
  /** True when it comes from a configuration that was not asked for: it may be of another node. */
  readonly isGuess: boolean;
}

/** `--user`, `--config`, `--insecure`, and in the help where the password comes from. */
export function addSignInOptions(command: Command): Command {
  return command
    .option('--user <name>', `sign in as this administrator (default: ${DEFAULT_USER})`)
    .option(
      '--config <file>',
      `on the node's own machine: its configuration (default: ${DEFAULT_FILE}, when it is here)`,
    )
    .option('--insecure', 'send the password to another machine over plain http')
    .addHelpText(
      'after',
      `
Signing in:
  The password is taken from the variable ${PASSWORD_VARIABLE}. For a node of this
  machine it is read from its configuration, or from what the node made and
  keeps beside that, when the port is the same. It is no option: others see the
  command line. It goes to other machines by https only, unless --insecure is given.
  What \`distream passwd\` sets is for the pages; commands use the configuration's.
`,
    );
}

/**
 * Reads the configuration that `--config` names, or the default when it is there. Undefined: there is none, or the
 * default cannot be used. Rejects, for a file that was named, as `loadConfig` does.
 */
export async function localNode(options: SignInOptions, io: CliIo): Promise<LocalNode | undefined> {
  if (options.config === undefined && !existsSync(DEFAULT_FILE)) return undefined;
  try {
    const { loadConfig } = await import('../config/load.ts');
    const loaded = await loadConfig([options.config ?? DEFAULT_FILE], { env: io.env, secrets: 'preview' });
    const made = generatedSecrets(loaded).find(({ key }) => key === 'admin.password');
    const { admin, http } = loaded.config;
    const password = made ? made.password : admin.password;
    return { port: http?.port, login: password ? { user: admin.user, password } : undefined };
  } catch (error) {
    if (options.config !== undefined) throw error;
    return undefined;
  }
}

/**
 * The login for a node; undefined: ask as everyone. Throws USAGE when `--user` is given and there is no password, or a
 * password that was asked for would go over a network in the clear.
 */
export function signInTo(
  url: URL,
  options: SignInOptions,
  local: LocalNode | undefined,
  io: CliIo,
): SignIn | undefined {
  const written = writtenLogin(url, options, io);
  if (written) {
    if (mayHearPassword(url, options)) return { login: written, isGuess: false };
    if (url.password === '' && options.user === undefined) return undefined;
    throw usage(`the password would go to ${url.host} in the clear; use https, or say --insecure`);
  }
  if (local?.login && isThisMachine(url) && (options.config !== undefined || portOf(url) === local.port)) {
    return { login: { ...local.login, user: options.user ?? local.login.user }, isGuess: options.config === undefined };
  }
  if (options.user === undefined) return undefined;
  throw usage(`there is no password for ${options.user}; set the variable ${PASSWORD_VARIABLE}`);
}

/** The login of the address, or of `--user` and the variable. */
function writtenLogin(url: URL, options: SignInOptions, io: CliIo): Login | undefined {
  const password = url.password === '' ? io.env[PASSWORD_VARIABLE] : decoded(url.password);
  if (!password) return undefined;
  return { user: url.username === '' ? (options.user ?? DEFAULT_USER) : decoded(url.username), password };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a % that begins no escape stands for itself
  }
}

function mayHearPassword(url: URL, { insecure }: SignInOptions): boolean {
  return url.protocol === 'https:' || isThisMachine(url) || insecure === true;
}

function isThisMachine({ hostname }: URL): boolean {
  return hostname === 'localhost' || isLoopbackAddress(hostname.replace(/^\[|\]$/g, ''));
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

function usage(reason: string): DistreamError {
  return new DistreamError('USAGE', { reason });
}
