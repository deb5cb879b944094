/**
 * The API as an OpenAPI 3.1 document, made from the route table that the router uses.
 * @module
 */
import { z } from 'zod';
import { VERSION } from '../../core/version.ts';
import type { Operation, OperationAnswer } from './operation.ts';
import type { Role, Route } from './route.ts';

/** Any JSON value. */
type JsonValue = unknown;

const PROBLEM = z.object({
  type: z.string(),
  title: z.string().describe('What is wrong, in words'),
  status: z.int(),
  detail: z.string().optional(),
  message: z.string().describe('`detail`, or `title` when there is none'),
});

/** What every operation of a role may answer beside its own. */
const REFUSALS: Readonly<Record<Role, readonly number[]>> = {
  public: [],
  guest: [401, 429],
  viewer: [401, 429],
  local: [401, 403, 421, 429],
  machine: [401, 403, 421, 429],
  source: [401, 403, 429],
  admin: [401, 403, 421, 429],
};

const REFUSAL_TEXTS: Readonly<Record<number, string>> = {
  400: 'The body is not JSON',
  401: 'You need to sign in',
  403: 'A page of another site sent it',
  413: 'The body is longer than 64 KiB',
  415: 'The content type is not application/json',
  421: 'On this machine the node is asked as localhost or by address',
  422: 'The request does not fit its schema',
  429: 'Too many wrong passwords from this address; `Retry-After` says for how long',
};

/** A schema as JSON Schema 2020-12, the dialect of OpenAPI 3.1. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'output'): Record<string, JsonValue> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    override({ jsonSchema: made }) {
      if (made.format === 'date-time') delete made.pattern;
      if (made.maximum === Number.MAX_SAFE_INTEGER) delete made.maximum;
      // New keys may come in any version.
      if (io === 'output' && made.additionalProperties === false) delete made.additionalProperties;
    },
  });
  return rest;
}

/** The path of an operation with the names of its parts: `/api/v1/streams/{NAME}/title`. */
export function templatePath({ path, operation }: Route): string {
  let index = 0;
  return path.replaceAll('*', () => `{${operation?.params[index++]?.[0] ?? 'NAME'}}`);
}

/** The document, of all routes that are operations. */
export function openApiDocument(routes: readonly Route[]): Record<string, JsonValue> {
  const paths: Record<string, Record<string, JsonValue>> = {};
  for (const route of routes) {
    if (!route.operation) continue;
    const path = templatePath(route);
    paths[path] = { ...paths[path], [route.methods[0]!.toLowerCase()]: operationObject(route, route.operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'distream',
      version: VERSION,
      description:
        'What a node of distream tells and takes over HTTP. What is here stays within v1; new keys may come.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '../..', description: 'This node' }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(PROBLEM) },
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic', description: 'The administrator of the configuration' },
        token: { type: 'http', scheme: 'bearer', description: 'A token of `admin.tokens`' },
        session: { type: 'apiKey', in: 'cookie', name: 'distream_session' },
      },
    },
  };
}

function operationObject({ path, methods, role }: Route, operation: Operation): JsonValue {
  const { tag, summary, description, params, query, request } = operation;
  // What is read of one thing has another name than the list of them.
  const one =
    methods[0] === 'GET' && path.endsWith('/*') ? params.map(([part]) => `-${part.toLowerCase()}`).join('') : '';
  const name = `${path.replace('/api/v1/', '')}${one}`.replace(/[^A-Za-z0-9]+(.?)/g, (_, next: string) =>
    next.toUpperCase(),
  );
  return {
    operationId: `${methods[0]!.toLowerCase()}${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(params.length + query.length === 0
      ? {}
      : { parameters: [...params.map(parameterIn('path')), ...query.map(parameterIn('query'))] }),
    ...(request
      ? { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(request, 'input') } } } }
      : {}),
    responses: responses(role, operation),
    security: security(role),
  };
}

function parameterIn(place: 'path' | 'query') {
  return ([name, description]: readonly [string, string]) => ({
    name,
    in: place,
    ...(place === 'path' ? { required: true } : {}),
    description,
    schema: { type: 'string' },
  });
}

function responses(role: Role, { answers, request, isPlain }: Operation): Record<string, JsonValue> {
  const found: Record<string, JsonValue> = {};
  for (const [status, answer] of Object.entries(answers)) found[status] = response(Number(status), answer, isPlain);
  for (const status of [...REFUSALS[role], ...(request ? [400, 413, 415, 422] : [])]) {
    found[status] ??= response(status, { description: REFUSAL_TEXTS[status]! }, isPlain);
  }
  return found;
}

function response(status: number, { description, schema, contentType }: OperationAnswer, isPlain = false): JsonValue {
  if (schema) return { description, content: { [contentType ?? 'application/json']: { schema: jsonSchema(schema) } } };
  if (contentType !== undefined) return { description, content: { [contentType]: { schema: { type: 'string' } } } };
  if (status < 400 || isPlain) return { description };
  return {
    description,
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

function security(role: Role): JsonValue {
  const administrator = [{ basic: [] }, { token: [] }, { session: [] }];
  if (role === 'public') return [];
  return role === 'admin' ? administrator : [{}, ...administrator];
}
