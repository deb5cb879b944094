import type { z } from 'zod';
import { reasonOf } from '../core/errors.ts';
import { inputs } from '../inputs/registry.ts';
import type { InputModule } from '../modules/input.ts';
import type { OutputModule } from '../modules/output.ts';
import { outputs } from '../outputs/registry.ts';
import { isMap } from './config-tree.ts';
import { nearest } from './nearest.ts';
import type { ModuleUse } from './node-config.ts';
import { loadPlugin, mayBePackage } from './plugins.ts';
import type { ConfigPath } from './problems.ts';
import { type ValidationContext, validatePart } from './validate.ts';

/** The modules that may be named without a package. */
export interface Registries {
  readonly input: ReadonlyMap<string, InputModule>;
  readonly output: ReadonlyMap<string, OutputModule>;
}

/** The modules that come with distream. */
export const builtInRegistries: Registries = { input: inputs, output: outputs };

/** A module as a stream names it, with where it stands. */
export interface PlacedModule<Module> extends ModuleUse<Module> {
  readonly path: ConfigPath;
}

interface ModuleOf {
  input: InputModule;
  output: OutputModule;
}

/**
 * Finds the module named at `path` and validates its options. Undefined when
 * there was a problem, or when there is no map with a `type` (the file's schema tells).
 */
export async function readModule<Family extends keyof ModuleOf>(
  family: Family,
  path: ConfigPath,
  registries: Registries,
  context: ValidationContext,
): Promise<PlacedModule<ModuleOf[Family]> | undefined> {
  const value = context.tree.get(path);
  if (!isMap(value) || typeof value.type !== 'string') return undefined;
  const known = registries[family] as ReadonlyMap<string, ModuleOf[Family]>;
  const module =
    known.get(value.type) ?? (await findPlugin<ModuleOf[Family]>(family, value.type, path, known, context));
  if (!module) return undefined;
  const options = validatePart(strict(module.schema), path, context, 'type');
  return options && { module, options, path };
}

/** The module's schema, refusing unknown keys unless it says itself what is done with them. */
function strict(schema: z.ZodObject): z.ZodObject {
  return schema.def.catchall ? schema : schema.strict();
}

async function findPlugin<Module>(
  family: string,
  type: string,
  path: ConfigPath,
  known: ReadonlyMap<string, Module>,
  { tree, problems, baseDir }: ValidationContext,
): Promise<Module | undefined> {
  const typePath = [...path, 'type'];
  const position = tree.positionOf(typePath);
  const where = tree.where(typePath);
  try {
    const module = mayBePackage(type) ? await loadPlugin(type, baseDir) : undefined;
    if (module) return module as Module;
    // The likeliest comes first, so that it is read first.
    const names = [...known.keys()];
    const likely = nearest(type, names);
    const ordered = likely ? [likely, ...names.filter((name) => name !== likely)] : names;
    problems.add('MODULE_UNKNOWN', { where, family, type, known: ordered.join(', ') }, position);
  } catch (error) {
    problems.add('MODULE_LOAD_FAILED', { where, type, reason: reasonOf(error) }, position);
  }
  return undefined;
}
