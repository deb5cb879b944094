/**
 * The operations of the API as a part of `docs/api.md`.
 * @module
 */

import { jsonSchema } from './openapi.ts';
import type { Operation } from './operation.ts';
import type { Role, Route } from './route.ts';

const WHO: Readonly<Record<Role, string>> = {
  public: 'everyone',
  guest: 'everyone',
  viewer: 'everyone, unless `http.publicView` is `off`',
  local: 'this machine and private networks, or the administrator',
  machine: 'this machine, or the administrator',
  source: 'the encoder of the mount, or the administrator',
  admin: 'the administrator',
};

const TAGS: readonly (readonly [tag: Operation['tag'], title: string])[] = [
  ['access', 'Signing in'],
  ['status', 'The status'],
  ['events', 'Events'],
  ['streams', 'Streams'],
  ['tracks', 'Tracks'],
  ['swarm', 'The swarm'],
  ['steering', 'Steering'],
  ['configuration', 'Configuration'],
  ['demo', 'The demo'],
  ['documentation', 'Documentation'],
];

/** Markdown of all operations, by subject; ends with a line break. */
export function apiReference(routes: readonly Route[]): string {
  const parts = TAGS.map(([tag, title]) => {
    const entries = routes.flatMap((route) => (route.operation?.tag === tag ? entry(route, route.operation) : []));
    return entries.length === 0 ? '' : `### ${title}\n\n${entries.join('\n')}`;
  });
  return parts.filter((part) => part !== '').join('\n');
}

function entry(route: Route, { summary, description, query, request, answers, params }: Operation): string {
  let index = 0;
  const path = route.path.replaceAll('*', () => params[index++]?.[0] ?? 'NAME');
  const lines = [`\`${route.methods[0]} ${path}\` for ${WHO[route.role]}: ${lowerFirst(summary)}.`];
  if (description !== undefined) lines.push('', description);
  const rows = query.map(([name, text]) => `- \`?${name}=\` ${text}`);
  if (request) rows.push(`- takes \`${shapeText(jsonSchema(request, 'input'))}\``);
  for (const [status, { description: text, schema }] of Object.entries(answers)) {
    rows.push(`- ${status}: ${lowerFirst(text)}${schema ? ` \`${shapeText(jsonSchema(schema))}\`` : ''}`);
  }
  return `${[...lines, '', ...rows].join('\n')}\n`;
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

const MAX_SHAPE = 300;

/** A schema in a line: `{ action: "start" | "stop", name? }`; a long one by its keys only. */
function shapeText(schema: Schema): string {
  const whole = typeText(schema, 0);
  return whole.length <= MAX_SHAPE ? whole : typeText(schema, 2);
}

function typeText(schema: Schema, depth: number): string {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map((choice) => typeText(choice, depth)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.type === 'array') return `[${schema.items ? typeText(schema.items, depth + 1) : ''}]`;
  if (schema.type !== 'object') return schema.type ?? '';
  if (!schema.properties || depth > 2) return '{ ... }';
  const keys = Object.entries(schema.properties).map(([key, value]) => {
    const mark = schema.required?.includes(key) ? '' : '?';
    const text = depth >= 2 || value.type === 'string' ? '' : typeText(value, depth + 1);
    return text === '' ? `${key}${mark}` : `${key}${mark}: ${text}`;
  });
  return `{ ${keys.join(', ')} }`;
}
