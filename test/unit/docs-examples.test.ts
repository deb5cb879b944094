import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { formatKey } from '../../src/protocols/link/keys.ts';
import { blocksOf } from './docs-blocks.ts';

const NODE_KEYS = ['http', 'admin', 'egress', 'link', 'log'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-docs-'));
  writeFileSync(join(folder, 'link.key'), `${LINK_KEY}\n`, { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the examples read from beside them. */
const LINK_KEY = formatKey('private', Buffer.alloc(32, 7));
const SHARED_KEY = formatKey('shared', Buffer.alloc(32, 7));

/** Every variable that the text names, with a good value. */
function environment(text: string): Record<string, string> {
  const names = [...text.matchAll(/\$\{([A-Za-z_]\w*)/g)].map((match) => match[1]!);
  return Object.fromEntries(
    names.map((name) => [name, name.endsWith('SHARED_KEY') ? SHARED_KEY : 'pcm7k-4rzwq-9xhtd-2jbna']),
  );
}

/** A part of a file is made a whole one: keys of the node get a stream, keys of a stream get a name. */
function wholeFile(text: string): string {
  const keys = Object.keys(parse(text) as object);
  if (keys.includes('streams')) return text;
  if (keys.every((key) => NODE_KEYS.includes(key)))
    return `${text}\nstreams: { example: { input: { type: source, mount: /x } } }\n`;
  const indented = text.replace(/^(?=.)/gm, '    ');
  const input = keys.includes('input') ? '' : '    input: { type: source, mount: /x }\n';
  return `streams:\n  example:\n${input}${indented}`;
}

describe('YAML examples in the documents', () => {
  // The page on plugins names packages that are not here; a test of its own loads one.
  const blocks = blocksOf('yaml').filter(({ where }) => !where.startsWith('docs/plugins.md'));

  it('are there', () => {
    expect(blocks.length).toBeGreaterThan(10);
  });

  it.each(blocks)('$where is a valid configuration', async ({ text }) => {
    const file = join(folder, 'distream.yaml');
    const whole = wholeFile(text);
    writeFileSync(file, whole, { mode: 0o600 });
    const { config } = await loadConfig([file], { env: environment(text), secrets: 'preview' });
    expect(config.streams.length).toBeGreaterThan(0);
  });
});

describe('DiStreamer examples in the documents', () => {
  it.each(blocksOf('ini'))('$where is a valid file', async ({ text }) => {
    const file = join(folder, 'distreamer.conf');
    writeFileSync(file, text, { mode: 0o600 });
    const { config } = await loadConfig([file], { env: {}, secrets: 'preview' });
    expect(config.streams.length).toBe(1);
    expect(config.warnings).toEqual([]);
  });
});
