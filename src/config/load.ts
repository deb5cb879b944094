import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DistreamError, reasonOf } from '../core/errors.ts';
import { type Assembled, assemble, type ConfigSource, hasInlineSecret } from './assemble.ts';
import { CredentialPreview, CredentialStore, stateDirOf } from './credentials.ts';
import { builtInRegistries, type Registries } from './module-use.ts';
import { ProblemList } from './problems.ts';
import { type Environment, isExposed, substituteVariables } from './substitute.ts';
import { decodeConfigText, parseYaml } from './yaml.ts';

/** How a configuration is loaded. */
export interface LoadOptions {
  readonly env: Environment;
  /** `make`: secrets that are missing are made and kept; `preview`: nothing is written. */
  readonly secrets: 'make' | 'preview';
  /** Default: the built-in modules. */
  readonly registries?: Registries;
}

/** A configuration as a node runs it, and what it was made of. */
export interface LoadedConfig extends Assembled {
  readonly source: ConfigSource;
  readonly credentials: CredentialStore;
  /** Secrets that were made just now. */
  readonly madeSecrets: number;
}

/** Loads a YAML file. Throws DistreamError: CONFIG_NOT_FOUND, CONFIG_UNREADABLE, or a ConfigurationError with every problem. */
export async function loadYamlFile(file: string, options: LoadOptions): Promise<LoadedConfig> {
  const path = resolve(file);
  const { bytes, exposed } = readConfigFile(file);
  const tree = parseYaml(decodeConfigText(bytes, file), file);
  const baseDir = dirname(path);
  const source = { tree, baseDir, stateDir: stateDirOf(baseDir, options.env), compatible: false };
  const problems = new ProblemList();
  const warnings: string[] = [];
  substituteVariables(tree, options.env, problems);
  const loaded = await finish(source, problems, warnings, options);
  if (exposed && hasInlineSecret(source, loaded.modules)) {
    warnings.push(`${file} holds passwords and everybody on this machine can read it; run: chmod 600 ${file}`);
  }
  return loaded;
}

/** Validates a source and sees to its secrets. */
export async function finish(
  source: ConfigSource,
  problems: ProblemList,
  warnings: string[],
  options: LoadOptions,
): Promise<LoadedConfig> {
  const credentials = CredentialStore.open(source.stateDir, warnings);
  const assembled = await assemble(source, {
    registries: options.registries ?? builtInRegistries,
    credentials: options.secrets === 'make' ? credentials : new CredentialPreview(credentials),
    problems,
    warnings,
  });
  credentials.save();
  return { ...assembled, source, credentials, madeSecrets: credentials.madeCount };
}

/** The bytes of a configuration file, and whether everybody may read it. Throws CONFIG_NOT_FOUND or CONFIG_UNREADABLE. */
export function readConfigFile(file: string): { bytes: Buffer; exposed: boolean } {
  try {
    return { exposed: isExposed(statSync(file).mode), bytes: readFileSync(file) };
  } catch (error) {
    const code = (error as { code?: string }).code === 'ENOENT' ? 'CONFIG_NOT_FOUND' : 'CONFIG_UNREADABLE';
    throw new DistreamError(code, { file, reason: reasonOf(error) }, { cause: error });
  }
}

/** Loads the configuration of a node from its file. See `loadYamlFile` for what it throws. */
export async function loadConfig(files: readonly string[], options: LoadOptions): Promise<LoadedConfig> {
  return loadYamlFile(files[0]!, options);
}
