import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fakeNodeView } from '../../../test/support/fake-node-view.ts';
import { nodeFamilies } from '../metrics/families.ts';
import { ledgerJsonSchema, statusJsonSchema } from '../status/json-schemas.ts';
import { apiReference } from './api-reference.ts';
import { nodeRoutes } from './router.ts';

const FILE = new URL('../../../docs/api.md', import.meta.url);
const blockOf = (name: string) =>
  new RegExp(`(?<=<!-- ${name} schema -->\\n\`\`\`json\\n)[^]*?(?=\`\`\`\\n<!-- end -->)`);
const LINE_WIDTH = 118;

/** JSON with every value on one line that fits on one. */
function format(value: unknown, indent = ''): string {
  const line = JSON.stringify(value, null, 1)
    .replace(/\n\s*/g, ' ')
    .replace(/\[ | \]/g, (space) => space.trim());
  if (typeof value !== 'object' || value === null || indent.length + line.length < LINE_WIDTH) return line;
  const inner = `${indent}  `;
  if (Array.isArray(value)) return `[\n${value.map((item) => inner + format(item, inner)).join(',\n')}\n${indent}]`;
  const pairs = Object.entries(value).map(([key, item]) => `${inner}"${key}": ${format(item, inner)}`);
  return `{\n${pairs.join(',\n')}\n${indent}}`;
}

describe('docs/api.md', () => {
  it.each([
    ['status', statusJsonSchema],
    ['ledger', ledgerJsonSchema],
  ])('holds the schema of the %s (UPDATE_DOCS=1 writes it)', (name, schema) => {
    const text = readFileSync(FILE, 'utf8');
    const place = blockOf(name);
    const block = `${format(schema)}\n`;
    if (process.env.UPDATE_DOCS)
      writeFileSync(
        FILE,
        text.replace(place, () => block),
      );
    else expect(place.exec(text)?.[0]).toBe(block);
  });

  it('holds every operation (UPDATE_DOCS=1 writes them)', () => {
    const text = readFileSync(FILE, 'utf8');
    const place = /(?<=<!-- operations -->\n)[\s\S]*?(?=<!-- end -->)/;
    const block = `\n${apiReference(nodeRoutes())}\n`;
    if (process.env.UPDATE_DOCS)
      writeFileSync(
        FILE,
        text.replace(place, () => block),
      );
    else expect(place.exec(text)?.[0]).toBe(block);
  });

  it('names every metric', () => {
    const text = readFileSync(FILE, 'utf8');
    const missing = nodeFamilies(fakeNodeView()).filter(({ name }) => !text.includes(`\`${name}\``));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('names every path of the API and the administration', () => {
    const text = readFileSync(FILE, 'utf8');
    const paths = nodeRoutes()
      .filter(({ operation }) => !operation)
      .map(({ path }) => path.replace('/*/', '/NAME/').replace('/*', '/MOUNT'));

    const asset =
      /^\/(streams\/MOUNT|listen\/(MOUNT|widget\.js)|app\/MOUNT|tracks|swarm|steer|sign-in|status\/?|index\.html|robots\.txt|favicon\.\w+|[a-z]+\.(js|css))$/;
    expect(paths.filter((path) => !asset.test(path) && !text.includes(`\`${path}`))).toEqual([]);
  });
});
