/**
 * Modules that are not built in: packages (or files) named by `type`, found
 * from the folder of the configuration file.
 * @module
 */
import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { reasonOf } from '../core/errors.ts';
import type { InputModule } from '../modules/input.ts';
import type { OutputModule } from '../modules/output.ts';
import { definitionOf } from './schema-walk.ts';

/** True for a name that can be a package or a path; the rest is surely a slip of the pen. */
export function mayBePackage(type: string): boolean {
  return /^(\.{1,2}\/|\/|[A-Za-z]:\\|file:)/.test(type) || /^(@[a-z0-9._~-]+\/)?[a-z0-9_~-][a-z0-9._~/-]*$/.test(type);
}

/**
 * Loads the module that the package or file `type` exports by default.
 * Undefined when there is no such package. Throws any error of resolving or
 * running it, and Error when it exports something else.
 */
export async function loadPlugin(type: string, baseDir: string): Promise<InputModule | OutputModule | undefined> {
  const file = locate(type, baseDir);
  if (!file) return undefined;
  const loaded = (await import(pathToFileURL(file).href)) as { default?: unknown };
  return checked(loaded.default);
}

function locate(type: string, baseDir: string): string | undefined {
  if (isBuiltin(type)) return undefined;
  const from = join(resolve(baseDir), 'distream.yaml');
  try {
    return createRequire(from).resolve(type);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return locateImportOnly(type, from);
    if (code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** A package whose `exports` serve `import` only; `require.resolve` does not see it. */
function locateImportOnly(type: string, from: string): string | undefined {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const root = join(folder, 'node_modules', type);
    try {
      const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports?: unknown };
      const target = importTarget(manifest.exports);
      return target ? join(root, target) : undefined;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT') throw error;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function importTarget(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  const conditions = exports as Record<string, unknown>;
  for (const key of ['.', 'node', 'import', 'default']) {
    if (key in conditions) return importTarget(conditions[key]);
  }
  return undefined;
}

function checked(candidate: unknown): InputModule | OutputModule {
  const module = candidate as Partial<InputModule> | undefined;
  const isModule =
    typeof module === 'object' &&
    typeof module?.type === 'string' &&
    typeof module.run === 'function' &&
    isObjectSchema(module.schema);
  if (!isModule) throw new Error('its default export is not a module (type, summary, schema, run)');
  return module as InputModule;
}

function isObjectSchema(schema: unknown): boolean {
  try {
    return definitionOf(schema as InputModule['schema']).type === 'object';
  } catch (error) {
    throw new Error(`its schema is not a zod object: ${reasonOf(error)}`, { cause: error });
  }
}
