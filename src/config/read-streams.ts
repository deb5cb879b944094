import { resolve } from 'node:path';
import type { z } from 'zod';
import type { InputModule } from '../modules/input.ts';
import type { OutputModule } from '../modules/output.ts';
import type { Extent } from '../modules/values.ts';
import { isMap } from './config-tree.ts';
import type { streamSchema } from './file-schema.ts';
import { type PlacedModule, type Registries, readModule } from './module-use.ts';
import type { StreamConfig } from './node-config.ts';
import type { ValidationContext } from './validate.ts';

/** The modules of one stream, with where they stand. */
export interface StreamModules {
  readonly input: PlacedModule<InputModule> | undefined;
  readonly fallback: readonly PlacedModule<InputModule>[];
  readonly outputs: readonly PlacedModule<OutputModule>[];
}

/** Every module that is used, by the name of its stream. Problems go to the context. */
export async function readModules(
  registries: Registries,
  context: ValidationContext,
): Promise<Map<string, StreamModules>> {
  const modules = new Map<string, StreamModules>();
  const streams = context.tree.root.streams;
  if (!isMap(streams)) return modules;
  for (const name of Object.keys(streams)) {
    modules.set(name, {
      input: await readModule('input', ['streams', name, 'input'], registries, context),
      fallback: await readList('input', name, 'fallback', registries, context),
      outputs: await readList('output', name, 'outputs', registries, context),
    });
  }
  return modules;
}

async function readList<Family extends 'input' | 'output'>(
  family: Family,
  stream: string,
  key: string,
  registries: Registries,
  context: ValidationContext,
) {
  const list = context.tree.get(['streams', stream, key]);
  const used = [];
  for (let index = 0; Array.isArray(list) && index < list.length; index++) {
    const module = await readModule(family, ['streams', stream, key, index], registries, context);
    if (module) used.push(module);
  }
  return used;
}

/** One stream of a validated file. Adds a problem when the reserve is larger than the buffer. */
export function buildStream(
  name: string,
  settings: z.output<typeof streamSchema>,
  modules: StreamModules & { readonly input: PlacedModule<InputModule> },
  { tree, problems, warnings, baseDir }: ValidationContext,
): StreamConfig {
  const { start } = settings;
  const kept = 'keep' in settings.buffer ? settings.buffer : undefined;
  const buffer = 'keep' in settings.buffer ? settings.buffer.keep : settings.buffer;
  const reserve = settings.reserve ?? defaultReserve(modules.input.module, buffer);
  const where = (key: string) => tree.where(['streams', name, key]);
  if (isLarger(reserve, buffer)) {
    const hint = 'Raise `buffer`, or lower `reserve`.';
    const reason = 'the reserve is larger than the buffer';
    problems.add(
      'CONFIG_INVALID',
      { where: where('reserve'), reason, hint },
      tree.positionOf(['streams', name, 'reserve']),
    );
  }
  if (!modules.outputs.length) warnings.push(`${where('outputs')}: the stream has no outputs; nobody hears it`);
  return {
    name,
    buffer,
    reserve,
    start,
    ...(kept && { keepPath: resolve(baseDir, kept.path, name) }),
    fragmentMs: settings.fragment,
    silenceMs: settings.silence,
    input: modules.input,
    fallback: modules.fallback,
    outputs: modules.outputs,
  };
}

/** The reserve when none is written: nothing for what is made here, the whole buffer for what comes over a line. */
export function defaultReserve(input: InputModule, buffer: Extent): Extent {
  return input.overLine ? buffer : { ms: 0 };
}

function isLarger(a: Extent, b: Extent): boolean {
  if ('ms' in a && 'ms' in b) return a.ms > b.ms;
  return 'bytes' in a && 'bytes' in b && a.bytes > b.bytes;
}
