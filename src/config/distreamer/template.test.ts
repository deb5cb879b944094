import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadDistreamerFiles } from '../load.ts';
import { GENERAL_KEYS, INPUT_MODES, OUTPUT_MODES } from './keys.ts';

const FILE = new URL('../../../distreamer.template.conf', import.meta.url).pathname;

describe('distreamer.template.conf', () => {
  it('runs as it is', async () => {
    const { config } = await loadDistreamerFiles([FILE], { env: {}, secrets: 'preview' });
    expect(config.warnings).toEqual([]);
    expect(config.streams.map((stream) => stream.name)).toEqual(['distreamer.template']);
  });

  it('has every key of every mode, with its default', () => {
    const sections = readFileSync(FILE, 'utf8').split(/^#?MODE=|^\[GENERAL\]/m);
    const keysOf = (start: string) => sections.find((section) => section.startsWith(start)) ?? '';
    for (const [mode, keys] of [
      ['\n', GENERAL_KEYS] as const,
      ...Object.entries({ ...INPUT_MODES, ...OUTPUT_MODES }),
    ]) {
      const section = keysOf(mode);
      for (const [key, { default: value }] of Object.entries(keys)) {
        const lines = section.match(new RegExp(`^#?${key}=(.*)$`, 'm'));
        expect(lines, `${mode} ${key}`).not.toBeNull();
        // An address has no default.
        if (!key.endsWith('URL')) expect(lines?.[1], `${mode} ${key}`).toBe(value);
      }
    }
  });
});
