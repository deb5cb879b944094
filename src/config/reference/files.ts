import { readFileSync } from 'node:fs';
import { builtInRegistries } from '../module-use.ts';
import { configurationJsonSchema } from './json-schema.ts';
import { configurationMarkdown } from './markdown.ts';

/**
 * The committed files that are made from the schemas, with their texts, by their path in the repository.
 * @param root the repository's folder, for the parts that are written by hand
 */
export function generatedFiles(root: URL): Map<string, string> {
  const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
  const introduction = read('docs/templates/configuration.md');
  const example = read('distream.example.yaml');
  return new Map([
    ['docs/configuration.md', configurationMarkdown(builtInRegistries, introduction, example)],
    ['schema/distream.schema.json', `${JSON.stringify(configurationJsonSchema(builtInRegistries), null, 2)}\n`],
  ]);
}
