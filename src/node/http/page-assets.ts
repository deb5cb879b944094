import { readFileSync } from 'node:fs';

/** The page's files, read once at start; `src/` and `dist/` lie equally deep in the package. */
const FOLDER = new URL('../../../assets/page/', import.meta.url);

/** A static file of the page. */
export interface PageAsset {
  /** The path under which it is served. */
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
}

const STYLE = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

const FILES = [
  ['/page.css', 'page.css', STYLE],
  ['/card.css', 'card.css', STYLE],
  ['/mounts.css', 'mounts.css', STYLE],
  ['/demo.css', 'demo.css', STYLE],
  ['/page.js', 'page.js', SCRIPT],
  // The modules that the script imports, relative to it.
  ['/card.js', 'card.js', SCRIPT],
  ['/demo.js', 'demo.js', SCRIPT],
  ['/dom.js', 'dom.js', SCRIPT],
  ['/player.js', 'player.js', SCRIPT],
  ['/favicon.svg', 'favicon.svg', 'image/svg+xml'],
  ['/favicon.ico', 'favicon.svg', 'image/svg+xml'],
] as const;

/** Reads the page's files from the package. */
export function loadPageAssets(): PageAsset[] {
  return FILES.map(([path, file, contentType]) => ({ path, contentType, body: readFileSync(new URL(file, FOLDER)) }));
}
