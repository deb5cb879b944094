import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A fenced block of a document. */
export interface CodeBlock {
  /** `file:line` of its first line. */
  readonly where: string;
  /** What follows the fence, e.g. `yaml` or `yaml no-check`. */
  readonly info: string;
  readonly text: string;
}

/** The README and every page of docs/, by path from the root of the repository. */
export function documents(): { path: string; text: string }[] {
  const pages = readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  );
  const tops = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const paths = [...tops, ...pages.map((name) => `docs/${name}`)];
  return paths.map((path) => ({ path, text: readFileSync(ROOT + path, 'utf8') }));
}

/** The fenced blocks of a document. */
export function codeBlocks(path: string, text: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { info: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```\s*(.*)$/.exec(line);
    if (!fence) open?.lines.push(line);
    else if (open) {
      blocks.push({ where: `${path}:${open.line}`, info: open.info, text: `${open.lines.join('\n')}\n` });
      open = undefined;
    } else open = { info: fence[1]!.trim(), line: index + 2, lines: [] };
  }
  return blocks;
}

/** The blocks of all documents that are marked with that language alone. */
export function blocksOf(language: string): CodeBlock[] {
  return documents()
    .flatMap(({ path, text }) => codeBlocks(path, text))
    .filter(({ info }) => info === language);
}
