/**
 * The files of the browser application, read once at start: `dist/web`, which `npm run build` makes.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';

/** `src/` and `dist/` lie equally deep in the package. */
const PACKAGE = new URL('../../../', import.meta.url);

/** A static file of the page. */
export interface PageAsset {
  readonly contentType: string;
  readonly body: Buffer;
}

/** What the page is made of. */
export interface PageAssets {
  /** Files with a hash in their names, by name: what is under a name never changes. */
  readonly files: ReadonlyMap<string, PageAsset>;
  /** Names of the script and of the styles of the application; undefined when it was not built. */
  readonly script: string | undefined;
  readonly styles: readonly string[];
  /** The script for other sites, which puts a player there. */
  readonly widget: PageAsset | undefined;
  readonly favicon: PageAsset;
}

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** An entry of the manifest that Vite writes. */
interface ManifestEntry {
  readonly file?: string;
  readonly css?: readonly string[];
}

function readManifest(folder: URL): Readonly<Record<string, ManifestEntry>> {
  try {
    return JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8')) as Record<string, ManifestEntry>;
  } catch {
    return {}; // not built: the page is the plain table
  }
}

function readAsset(folder: URL, name: string): PageAsset {
  const ending = name.slice(name.lastIndexOf('.') + 1);
  return { contentType: TYPES[ending] ?? 'application/octet-stream', body: readFileSync(new URL(name, folder)) };
}

/**
 * Reads the page's files from the package.
 * @param folder where the application was built to; default `dist/web`
 */
export function loadPageAssets(folder = new URL('dist/web/', PACKAGE)): PageAssets {
  const manifest = readManifest(folder);
  const script = manifest['main.tsx']?.file;
  const names = script === undefined ? [] : readdirSync(folder).filter((name) => /\.(js|css|svg)$/.test(name));
  const files = new Map(names.map((name) => [name, readAsset(folder, name)]));
  const widget = manifest['widget.ts']?.file;
  return {
    files,
    script,
    styles: names.filter((name) => name.endsWith('.css')),
    widget: widget === undefined ? undefined : files.get(widget),
    favicon: readAsset(new URL('assets/page/', PACKAGE), 'favicon.svg'),
  };
}
