/**
 * `docs/configuration.md`, made from the schemas.
 * @module
 */
import type { z } from 'zod';
import type { InputModule } from '../../modules/input.ts';
import type { OutputModule } from '../../modules/output.ts';
import { GENERAL_KEYS, INPUT_MODES, type KeySpecs, OUTPUT_MODES } from '../distreamer/keys.ts';
import {
  adminSchema,
  egressSchema,
  httpSchema,
  linkSchema,
  logSchema,
  streamSchema,
  tracksSchema,
} from '../file-schema.ts';
import type { Registries } from '../module-use.ts';
import { definitionOf, shapeOf, unwrap } from '../schema-walk.ts';
import { publicDefault } from './public-default.ts';

/** The page. `introduction` and `example` are the parts that are written by hand. */
export function configurationMarkdown(registries: Registries, introduction: string, example: string): string {
  const inputs = [...registries.input.values()];
  const outputs = [...registries.output.values()];
  const parts = [
    '<!-- Made from the schemas by `npm run docs`. The words before the tables stand in docs/templates/configuration.md. -->',
    introduction.trim(),
    `## Example\n\n\`\`\`yaml\n${example.trim()}\n\`\`\``,
    section('http', httpSchema),
    section('admin', adminSchema),
    section('egress', egressSchema),
    section('link', linkSchema),
    section('tracks', tracksSchema),
    section('log', logSchema),
    `## streams\n\n${sentence(streamSchema)} Each has a name and these keys.\n\n${keyTable(streamSchema)}`,
    `## Inputs\n\nThe \`type\` chooses one; a type that is not in this list is taken as the name of a package, see [plugins](plugins.md).\n\n${inputs.map(modulePart).join('\n\n')}`,
    `## Outputs\n\n${outputs.map(modulePart).join('\n\n')}`,
    distreamerPart(),
  ];
  return `${parts.join('\n\n')}\n`;
}

function section(name: string, schema: z.ZodType): string {
  return `## ${name}\n\n${sentence(schema)}\n\n${keyTable(schema)}`;
}

function modulePart(module: InputModule | OutputModule): string {
  const line =
    'overLine' in module && module.overLine
      ? ' It comes over a line, so the reserve of its stream is the buffer unless you say otherwise.'
      : '';
  return `### \`${module.type}\`\n\n${module.summary}${line}\n\n${keyTable(module.schema)}`;
}

function sentence(schema: z.ZodType): string {
  return unwrap(schema).meta.description ?? '';
}

/** One row a key; a map inside has its keys as `outer.inner`. */
function keyTable(schema: z.ZodType): string {
  const rows = rowsOf(schema, '');
  if (!rows.length) return 'It has no options.';
  return ['| key | type | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** @param given what the map around has as its default */
function rowsOf(schema: z.ZodType, prefix: string, given: Record<string, unknown> = {}): string[] {
  return Object.entries(shapeOf(schema)).flatMap(([name, child]) => {
    const key = `${prefix}${name}`;
    const { meta, defaultValue } = unwrap(child);
    const row = `| ${[`\`${key}\``, typeOf(child), defaultOf(child, given[name]), meta.description ?? ''].map(cell).join(' | ')} |`;
    return hasOwnRows(child)
      ? [row, ...rowsOf(child, `${key}.`, (defaultValue ?? {}) as Record<string, unknown>)]
      : [row];
  });
}

function hasOwnRows(schema: z.ZodType): boolean {
  const definition = definitionOf(unwrap(schema).schema);
  return definition.type === 'object' && !(definition.shape && 'type' in definition.shape);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function typeOf(schema: z.ZodType): string {
  const { schema: inner, meta } = unwrap(schema);
  if (meta.secret) return 'secret';
  const definition = definitionOf(inner);
  switch (definition.type) {
    case 'string':
      return unitOf(inner);
    case 'enum':
      return Object.values(definition.entries ?? {})
        .map((value) => `\`${value}\``)
        .join(' or ');
    case 'boolean':
      return 'true or false';
    case 'array':
      return `list of ${plural(definition.element)}`;
    case 'record':
      return 'map';
    case 'object':
      return 'map';
    case 'union':
      return definition.options!.map(typeOf).join(' or ');
    default:
      return definition.type;
  }
}

function plural(element: z.ZodType | undefined): string {
  const type = element ? typeOf(element) : 'values';
  return { text: 'texts', map: 'maps', 'address or network': 'addresses or networks' }[type] ?? type;
}

/** Values with units are texts whose pattern or complaint tells what they are. */
function unitOf(schema: z.ZodType): string {
  const complaint = String(schema.safeParse('\u0000').error?.issues[0]?.message ?? '');
  if (/a duration.*or a size/.test(complaint)) return 'duration or size';
  if (/a duration/.test(complaint)) return 'duration';
  if (/a size/.test(complaint)) return 'size';
  if (/a rate such as/.test(complaint)) return 'rate';
  if (/a path such as/.test(complaint)) return 'mount';
  if (/a network such as/.test(complaint)) return 'address or network';
  return 'text';
}

/** @param given what the map around says, which wins */
function defaultOf(schema: z.ZodType, given: unknown): string {
  const { meta, defaultValue, optional } = unwrap(schema);
  const value = given ?? defaultValue;
  if (meta.generate) return 'made once';
  if (value === undefined) return optional ? '' : 'required';
  // The rows of its keys tell.
  if (hasOwnRows(schema)) return '';
  const shown = publicDefault(value);
  if (shown === '') return 'empty';
  return `\`${typeof shown === 'string' ? shown : JSON.stringify(shown)}\``;
}

function distreamerPart(): string {
  const modes = (family: string, byMode: Readonly<Record<string, KeySpecs>>) =>
    Object.entries(byMode).map(([mode, specs]) => `### \`[${family}]\` with \`MODE=${mode}\`\n\n${specTable(specs)}`);
  return [
    '## DiStreamer files',
    'A file that ends in `.conf` or `.ini` is read as DiStreamer reads it; `distream check FILE` shows the same as YAML. ' +
      'Sections and keys are the same in any case. The environment does the same with `DS_GENERAL_KEY`, `DS_INPUT_KEY` and `DS_OUTPUT_KEY`. ' +
      '`[INPUT name]` and `[OUTPUT name]` make one more stream of that name in the same file.',
    `### \`[GENERAL]\`\n\n${specTable(GENERAL_KEYS)}`,
    ...modes('INPUT', INPUT_MODES),
    ...modes('OUTPUT', OUTPUT_MODES),
  ].join('\n\n');
}

function specTable(specs: KeySpecs): string {
  const rows = Object.entries(specs).map(
    ([key, spec]) =>
      `| \`${key}\` | ${spec.default === '' ? 'empty' : `\`${spec.default}\``} | ${cell(spec.meaning)} |`,
  );
  return ['| key | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}
