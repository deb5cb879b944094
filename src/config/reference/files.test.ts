import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRORS, EXIT } from '../../core/error-codes.ts';
import { loadYamlFile } from '../load.ts';
import { builtInRegistries } from '../module-use.ts';
import { shapeOf, unwrap } from '../schema-walk.ts';
import { generatedFiles } from './files.ts';

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

describe('the files made from the schemas', () => {
  it.each([...generatedFiles(ROOT)])('%s is up to date (else: npm run docs)', (path, text) => {
    expect(read(path)).toBe(text);
  });

  it('describe every option', () => {
    const modules = [...builtInRegistries.input.values(), ...builtInRegistries.output.values()];
    expect(modules.length).toBeGreaterThanOrEqual(10);
    for (const { type, schema } of modules) {
      for (const [key, option] of Object.entries(shapeOf(schema))) {
        expect(unwrap(option).meta.description, `${type}.${key}`).toMatch(/\S/);
      }
    }
  });
});

describe('distream.example.yaml', () => {
  it('is a configuration without problems', async () => {
    const file = new URL('distream.example.yaml', ROOT).pathname;
    const { config } = await loadYamlFile(file, { env: { EVENING_PASSWORD: 'x' }, secrets: 'preview' });
    expect(config.streams.map((stream) => stream.name)).toEqual(['morning', 'evening']);
    expect(config.warnings).toEqual([]);
  });
});

describe('docs/errors.md', () => {
  const page = read('docs/errors.md');

  it('has a section for each code, and none for others', () => {
    const sections = [...page.matchAll(/^### ([A-Z_]+)$/gm)].map((match) => match[1]);
    expect(sections.sort()).toEqual(Object.keys(ERRORS).sort());
  });

  it('shows the message and the exit code of each', () => {
    for (const [code, { message, exit }] of Object.entries(ERRORS)) {
      const section = page.split(`### ${code}\n`)[1]?.split('\n### ')[0] ?? '';
      expect(section, code).toContain(`\`${message}\``);
      expect(section, code).toContain(`Exit code ${exit}`);
    }
  });

  it('lists the exit codes', () => {
    for (const code of [...Object.values(EXIT), 130]) expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  });
});
