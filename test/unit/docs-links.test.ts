import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { documents } from './docs-blocks.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LINK = /\]\(([^)\s]+)\)/g;

/** The names under which the headings of a page are linked to. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+\s+(.*)$/gm)].map((match) => match[1]!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replace(/ /g, '-'),
    ),
  );
}

describe('links in the documents', () => {
  const pages = documents();
  const byPath = new Map(pages.map(({ path, text }) => [path, text]));

  it.each(pages)('of $path lead to files and headings that are there', ({ path, text }) => {
    const prose = text.replace(/^```[\s\S]*?^```/gm, '');
    for (const [, target] of prose.matchAll(LINK)) {
      if (/^(https?:|mailto:)/.test(target!)) continue;
      const [file, anchor] = target!.split('#') as [string, string | undefined];
      const linked = file === '' ? path : join(dirname(path), file);
      expect(existsSync(ROOT + linked), `${path}: ${target}`).toBe(true);
      const page = byPath.get(linked);
      if (anchor && page) expect(anchorsOf(page).has(anchor), `${path}: ${target}`).toBe(true);
    }
  });
});
