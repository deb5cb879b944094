import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { z } from 'zod';
import type { InputModule } from '../modules/input.ts';
import { accessTokens } from './access-tokens.ts';
import { checkCombinations } from './combinations.ts';
import { type ConfigTree, isMap } from './config-tree.ts';
import type { CredentialSource } from './credentials.ts';
import { fileSchema } from './file-schema.ts';
import { nodeLinkKey } from './link-key.ts';
import type { PlacedModule, Registries } from './module-use.ts';
import type { HttpConfig, NodeConfig } from './node-config.ts';
import type { ProblemList } from './problems.ts';
import { buildStream, readModules, type StreamModules } from './read-streams.ts';
import { shapeOf, unwrap } from './schema-walk.ts';
import { checkPasswords } from './security.ts';
import { type ValidationContext, validatePart } from './validate.ts';
import { weaknessOf } from './weak-passwords.ts';

type Settings = z.output<typeof fileSchema>;

/** One configuration file, read but not judged. */
export interface ConfigSource {
  readonly tree: ConfigTree;
  readonly baseDir: string;
  readonly stateDir: string;
  /** DiStreamer's INI: no shared port, and known bad passwords are only warned of. */
  readonly compatible: boolean;
}

/** What assembling takes beside the file. */
export interface AssembleOptions {
  readonly registries: Registries;
  readonly credentials: CredentialSource;
  readonly problems: ProblemList;
  readonly warnings: string[];
}

/** A file as validated, and the modules it uses. */
export interface Assembled {
  readonly config: NodeConfig;
  readonly modules: ReadonlyMap<string, StreamModules>;
  /** Every secret in it, so that the log can leave them out. */
  readonly secrets: readonly string[];
}

/** Validates a file and makes the node's configuration. Throws ConfigurationError with every problem. */
export async function assemble(source: ConfigSource, options: AssembleOptions): Promise<Assembled> {
  const { problems, warnings, registries, credentials } = options;
  const context: ValidationContext = { tree: source.tree, baseDir: source.baseDir, problems, warnings };
  const file = validatePart(fileSchema, [], context);
  const modules = await readModules(registries, context);
  if (!file) problems.throwIfAny();
  // Below, `file` is there: without problems validatePart gives it.
  const settings = file!;
  const streams = [];
  for (const [name, stream] of Object.entries(settings.streams)) {
    const used = modules.get(name);
    if (used?.input) streams.push(buildStream(name, stream, { ...used, input: used.input }, context));
  }
  problems.throwIfAny();
  fillSecrets(modules, credentials);
  const all = [...modules.values()];
  const inputs = all.flatMap((used) => [used.input, ...used.fallback]).filter((use) => use !== undefined);
  const outputs = all.flatMap((used) => used.outputs);
  const http = source.compatible ? undefined : httpConfig(settings.http);
  const admin = {
    user: settings.admin.user,
    password: adminPassword(settings.admin.password, source, credentials),
    tokens: accessTokens(settings.admin.tokens, context),
  };
  const linkKey = nodeLinkKey(settings.link?.key, modules, credentials, problems);
  checkCombinations(inputs, outputs, context);
  checkPasswords({ http, admin, modules: [...inputs, ...outputs], compatible: source.compatible }, context);
  problems.throwIfAny();
  const config: NodeConfig = {
    origin: source.tree.origin,
    baseDir: source.baseDir,
    stateDir: source.stateDir,
    http,
    ...(linkKey !== undefined && { linkKey }),
    admin,
    egressAllow: settings.egress.allow,
    ...(settings.tracks?.takes !== undefined && { takesFolder: resolve(source.baseDir, settings.tracks.takes) }),
    log: logConfig(settings.log, source.baseDir),
    streams,
    warnings,
  };
  const own = [admin.password, ...(linkKey === undefined ? [] : [linkKey]), ...Object.values(settings.admin.tokens)];
  const told = [...own, ...[...inputs, ...outputs].flatMap(secretsOf)];
  // What everybody knows is often a word of the log too, such as `distreamer` in names of modules.
  return { config, modules, secrets: told.filter((secret) => weaknessOf(secret) === undefined) };
}

function logConfig({ level, file, fileLevel }: Settings['log'], baseDir: string): NodeConfig['log'] {
  return { level, file: file && resolve(baseDir, file), ...(fileLevel && { fileLevel }) };
}

function httpConfig(http: Settings['http']): HttpConfig {
  return { ...http, tls: http.tls, aliases: new Map(Object.entries(http.aliases)) };
}

/** With no shared port nobody can sign in, so that password is thrown away. */
function adminPassword(written: string | undefined, source: ConfigSource, credentials: CredentialSource): string {
  if (written !== undefined) return written;
  return source.compatible ? randomBytes(16).toString('hex') : credentials.obtain('admin.password');
}

/** Puts a made secret into each option that wants one and was left out. */
function fillSecrets(modules: ReadonlyMap<string, StreamModules>, credentials: CredentialSource): void {
  for (const { key, use } of generatedKeys(modules)) {
    for (const name of generatedOptions(use)) use.options[name] ??= credentials.obtain(`${key}.${name}`);
  }
}

/** The options of a module that are made when left out. */
export function generatedOptions(use: { readonly module: { readonly schema: z.ZodObject } }): string[] {
  return Object.entries(shapeOf(use.module.schema))
    .filter(([, schema]) => unwrap(schema).meta.generate)
    .map(([name]) => name);
}

/** A module and the name under which its made secrets are kept. */
export interface KeyedUse {
  readonly key: string;
  readonly use: PlacedModule<Pick<InputModule, 'type' | 'schema'>>;
}

/**
 * The modules with their keys in the credentials file: `streams.morning.input`, `streams.morning.outputs.icecast`.
 * Lists are keyed by type (a second one of a type gets `-2`), so that a new entry elsewhere changes no password.
 */
export function generatedKeys(modules: ReadonlyMap<string, StreamModules>): KeyedUse[] {
  const keyed: KeyedUse[] = [];
  for (const [name, { input, fallback, outputs }] of modules) {
    if (input) keyed.push({ key: `streams.${name}.input`, use: input });
    for (const [list, uses] of [['fallback', fallback] as const, ['outputs', outputs] as const]) {
      const seen = new Map<string, number>();
      for (const use of uses) {
        const count = (seen.get(use.module.type) ?? 0) + 1;
        seen.set(use.module.type, count);
        keyed.push({ key: `streams.${name}.${list}.${use.module.type}${count > 1 ? `-${count}` : ''}`, use });
      }
    }
  }
  return keyed;
}

function secretsOf(use: PlacedModule<Pick<InputModule, 'type' | 'schema'>>): string[] {
  return Object.entries(shapeOf(use.module.schema))
    .filter(([, schema]) => unwrap(schema).meta.secret)
    .map(([name]) => use.options[name])
    .filter((value) => typeof value === 'string');
}

/** True when a secret stands in the file itself. */
export function hasInlineSecret(source: ConfigSource, modules: ReadonlyMap<string, StreamModules>): boolean {
  const { tree } = source;
  const inline = (path: (string | number)[]) => typeof tree.get(path) === 'string' && !tree.sourceOf(path);
  if (inline(['admin', 'password']) || inline(['link', 'key'])) return true;
  const uses = [...modules.values()].flatMap((used) => [used.input, ...used.fallback, ...used.outputs]);
  return uses.some(
    (use) =>
      use &&
      isMap(tree.get(use.path)) &&
      Object.entries(shapeOf(use.module.schema)).some(
        ([name, schema]) => unwrap(schema).meta.secret && inline([...use.path, name]),
      ),
  );
}
