import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { DistreamError, reasonOf } from '../core/errors.ts';
import { type Assembled, assemble, type ConfigSource, hasInlineSecret } from './assemble.ts';
import { CredentialPreview, CredentialStore, stateDirOf } from './credentials.ts';
import { convertIni } from './distreamer/convert.ts';
import { type Ini, iniOfEnvironment, parseIni } from './distreamer/ini.ts';
import { builtInRegistries, type Registries } from './module-use.ts';
import type { NodeConfig } from './node-config.ts';
import { ConfigurationError, ProblemList } from './problems.ts';
import { type Environment, isExposed, substituteVariables } from './substitute.ts';
import { decodeConfigText, parseYaml } from './yaml.ts';

/** How a configuration is loaded. */
export interface LoadOptions {
  readonly env: Environment;
  /** `make`: secrets that are missing are made and kept; `preview`: nothing is written. */
  readonly secrets: 'make' | 'preview';
  /** Default: the built-in modules. */
  readonly registries?: Registries;
  /** Default: the process' own. */
  readonly workingDir?: string;
}

/** A file of a configuration, and the modules it uses. */
export interface ConfigPart extends Pick<Assembled, 'modules'> {
  readonly source: ConfigSource;
}

/** A configuration as a node runs it, and what it was made of. */
export interface LoadedConfig {
  readonly config: NodeConfig;
  /** One for a YAML file; one for each DiStreamer file. */
  readonly parts: readonly ConfigPart[];
  /** Every secret in it, so that the log can leave them out. */
  readonly secrets: readonly string[];
  readonly credentials: CredentialStore;
  /** Secrets that were made just now. */
  readonly madeSecrets: number;
}

/** Where DiStreamer's container image finds its file. */
const CONTAINER_FILE = '/distreamer/conf/distreamer.conf';
const DISTREAMER_FILE = 'distreamer.conf';

/** True for a file that is read as DiStreamer's INI. */
export function isDistreamerFile(file: string): boolean {
  return /^\.(conf|ini)$/i.test(extname(file));
}

/**
 * Loads the configuration of a node: one YAML file, or any number of DiStreamer files. Throws DistreamError:
 * USAGE, CONFIG_NOT_FOUND, CONFIG_UNREADABLE, or a ConfigurationError with every problem.
 * @param files at least one
 */
export async function loadConfig(files: readonly string[], options: LoadOptions): Promise<LoadedConfig> {
  if (files.every(isDistreamerFile)) return loadDistreamerFiles(files, options);
  if (files.length === 1) return loadYamlFile(files[0]!, options);
  const reason = 'only DiStreamer files (.conf) run together; put the streams of YAML into one file';
  throw new DistreamError('USAGE', { reason });
}

/** Loads a YAML file. */
export async function loadYamlFile(file: string, options: LoadOptions): Promise<LoadedConfig> {
  const { bytes, exposed } = readConfigFile(file);
  const tree = parseYaml(decodeConfigText(bytes, file), file);
  const baseDir = dirname(resolve(file));
  const source = { tree, baseDir, stateDir: stateDirOf(baseDir, options.env), compatible: false };
  const problems = new ProblemList();
  const warnings: string[] = [];
  substituteVariables(tree, options.env, problems);
  const loaded = await finish([source], problems, warnings, options);
  if (exposed && hasInlineSecret(source, loaded.parts[0]!.modules)) {
    warnings.push(`${file} holds passwords and everybody on this machine can read it; run: chmod 600 ${file}`);
  }
  return loaded;
}

/** Loads DiStreamer files into one node; each is a stream that has the file's name, or more. */
export async function loadDistreamerFiles(files: readonly string[], options: LoadOptions): Promise<LoadedConfig> {
  const problems = new ProblemList();
  const warnings: string[] = [];
  const taken = new Set<string>();
  const sources = files.map((file) => {
    const ini = parseIni(decodeConfigText(readConfigFile(file).bytes, file), file, problems, warnings);
    return distreamerSource(ini, file, dirname(resolve(file)), uniqueName(file, taken), {
      problems,
      warnings,
      options,
    });
  });
  problems.throwIfAny();
  return finish(sources, problems, warnings, options);
}

/**
 * What the command `distreamer` runs without an argument: `distreamer.conf` of this folder, else the file of the
 * container, else the `DS_*` variables. Throws as `loadConfig` does.
 */
export async function loadDistreamerDefault(options: LoadOptions): Promise<LoadedConfig> {
  const workingDir = options.workingDir ?? process.cwd();
  if (existsSync(join(workingDir, DISTREAMER_FILE))) {
    return loadDistreamerFiles([options.workingDir ? join(workingDir, DISTREAMER_FILE) : DISTREAMER_FILE], options);
  }
  if (existsSync(CONTAINER_FILE)) return loadDistreamerFiles([CONTAINER_FILE], options);
  const ini = iniOfEnvironment(options.env);
  if (!ini) throw new DistreamError('CONFIG_NOT_FOUND', { file: DISTREAMER_FILE });
  const problems = new ProblemList();
  const warnings: string[] = [];
  const source = distreamerSource(ini, 'environment', workingDir, 'distreamer', { problems, warnings, options });
  problems.throwIfAny();
  return finish([source], problems, warnings, options);
}

interface Complaints {
  readonly problems: ProblemList;
  readonly warnings: string[];
  readonly options: LoadOptions;
}

function distreamerSource(
  ini: Ini,
  origin: string,
  baseDir: string,
  streamName: string,
  { problems, warnings, options }: Complaints,
): ConfigSource {
  const workingDir = options.workingDir ?? process.cwd();
  const tree = convertIni(ini, { origin, streamName, workingDir, problems, warnings });
  return { tree, baseDir, stateDir: stateDirOf(baseDir, options.env), compatible: true };
}

/** A stream's name from its file's name, with a number when two files have the same. */
function uniqueName(file: string, taken: Set<string>): string {
  const plain = basename(file, extname(file))
    .replace(/[^\p{L}\p{N}._-]/gu, '-')
    .slice(0, 50);
  const base = /^[\p{L}\p{N}]/u.test(plain) ? plain : `stream${plain}`;
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
  taken.add(name);
  return name;
}

/** Validates the sources, sees to their secrets and makes one node of them. */
async function finish(
  sources: readonly ConfigSource[],
  problems: ProblemList,
  warnings: string[],
  options: LoadOptions,
): Promise<LoadedConfig> {
  const credentials = CredentialStore.open(sources[0]!.stateDir, warnings);
  const assembled: Assembled[] = [];
  const failures: ConfigurationError[] = [];
  for (const source of sources) {
    const assembling = assemble(source, {
      registries: options.registries ?? builtInRegistries,
      credentials: options.secrets === 'make' ? credentials : new CredentialPreview(credentials),
      // The one file of YAML may have problems with variables already; several files gather their own.
      problems: sources.length === 1 ? problems : new ProblemList(),
      warnings,
    });
    await assembling.then(
      (done) => void assembled.push(done),
      (error) => void failures.push(asConfiguration(error)),
    );
  }
  if (failures.length) throw new ConfigurationError(failures.flatMap((failure) => failure.problems));
  credentials.save();
  const first = assembled[0]!.config;
  return {
    config: {
      ...first,
      origin: sources.map((source) => source.tree.origin).join(' '),
      streams: assembled.flatMap((one) => one.config.streams),
    },
    parts: assembled.map(({ modules }, index) => ({ modules, source: sources[index]! })),
    secrets: assembled.flatMap((one) => one.secrets),
    credentials,
    madeSecrets: credentials.madeCount,
  };
}

/** Anything else than problems of the configuration goes on as it is. */
function asConfiguration(error: unknown): ConfigurationError {
  if (error instanceof ConfigurationError) return error;
  throw error;
}

/** The bytes of a configuration file, and whether everybody may read it. Throws CONFIG_NOT_FOUND or CONFIG_UNREADABLE. */
function readConfigFile(file: string): { bytes: Buffer; exposed: boolean } {
  try {
    return { exposed: isExposed(statSync(file).mode), bytes: readFileSync(file) };
  } catch (error) {
    const code = (error as { code?: string }).code === 'ENOENT' ? 'CONFIG_NOT_FOUND' : 'CONFIG_UNREADABLE';
    throw new DistreamError(code, { file, reason: reasonOf(error) }, { cause: error });
  }
}
