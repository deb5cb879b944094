import { z } from 'zod';
import type { InputModule } from '../../modules/input.ts';
import type { OutputModule } from '../../modules/output.ts';
import { fileSchema } from '../file-schema.ts';
import type { Registries } from '../module-use.ts';
import { publicDefault } from './public-default.ts';

type JsonSchema = Record<string, unknown>;

/**
 * The JSON Schema (draft 2020-12) of a configuration file, for editors: `schema/distream.schema.json`. Where a
 * secret is expected, `{file: path}` is allowed as well.
 */
export function configurationJsonSchema(registries: Registries): JsonSchema {
  const whole = toJsonSchema(fileSchema);
  const stream = at(whole, 'properties', 'streams', 'additionalProperties', 'properties');
  const use = {
    input: { $ref: '#/$defs/input' },
    fallback: { ...(stream.fallback as JsonSchema), items: { $ref: '#/$defs/input' } },
    outputs: { ...(stream.outputs as JsonSchema), items: { $ref: '#/$defs/output' } },
  };
  Object.assign(stream, use);
  return {
    ...whole,
    title: 'Configuration of distream',
    $defs: {
      input: moduleSchema('input', [...registries.input.values()]),
      output: moduleSchema('output', [...registries.output.values()]),
    },
  };
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => widen(jsonSchema as JsonSchema),
  }) as JsonSchema;
}

/** Allows what substitution puts in, and drops what only this program reads. */
function widen(schema: JsonSchema): void {
  delete schema.generate;
  if ('default' in schema) schema.default = publicDefault(schema.default);
  if (schema.secret === true) {
    delete schema.secret;
    const { description, ...rest } = schema;
    for (const key of Object.keys(schema)) delete schema[key];
    Object.assign(schema, { ...(description !== undefined && { description }), anyOf: [rest, FILE_REFERENCE] });
  }
}

const FILE_REFERENCE: JsonSchema = {
  type: 'object',
  properties: { file: { type: 'string', description: 'The value stands in this file.' } },
  required: ['file'],
  additionalProperties: false,
};

/** Built-in types by their options; any other type is a package, whose options only it knows. */
function moduleSchema(family: string, modules: readonly (InputModule | OutputModule)[]): JsonSchema {
  const known = modules.map(({ type, summary, schema }) => {
    const { $schema: _, ...options } = toJsonSchema(schema);
    const required = ['type', ...((options.required as string[] | undefined) ?? [])];
    const properties = { type: { const: type, description: summary }, ...(options.properties as JsonSchema) };
    return { ...options, description: summary, properties, required, additionalProperties: false };
  });
  const other = {
    type: 'object',
    description: `An ${family} of a package.`,
    properties: { type: { type: 'string', not: { enum: modules.map(({ type }) => type) } } },
    required: ['type'],
  };
  return { anyOf: [...known, other] };
}

function at(schema: JsonSchema, ...path: string[]): JsonSchema {
  return path.reduce((current, key) => current[key] as JsonSchema, schema);
}
