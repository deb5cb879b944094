/**
 * Where the application is, under whatever path a proxy has put it.
 * @module
 */
import { signal } from '@preact/signals';

/** The node's root as the browser sees it; ends with `/`. The server says how far up it is. */
export const root = new URL(document.documentElement.dataset.root ?? './', location.href);
root.search = '';
root.hash = '';

/** A page of the application. */
export interface Page {
  readonly kind: 'wall' | 'stream' | 'listen' | 'tracks' | 'swarm' | 'steer' | 'sign-in' | 'unknown';
  /** The stream, of a page that has one. */
  readonly name?: string;
}

const HOMES: Readonly<Record<string, Page['kind']>> = { swarm: 'swarm', tracks: 'tracks' };

/** The page at the root: the streams, or what the program around the node is about. The server says which. */
export const home: Page['kind'] = HOMES[document.documentElement.dataset.home ?? ''] ?? 'wall';

const PLAIN = new Map<string, Page['kind']>([
  ['', home],
  ['index.html', home],
  ['status', home],
  ['tracks', 'tracks'],
  ['swarm', 'swarm'],
  ['steer', 'steer'],
  ['sign-in', 'sign-in'],
]);

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The page of a path below the root. */
export function pageOf(path: string): Page {
  const [first = '', second = '', ...rest] = path.split('/');
  if (rest.length === 0 && second !== '' && first === 'streams') return { kind: 'stream', name: decoded(second) };
  if (rest.length === 0 && second !== '' && first === 'listen') return { kind: 'listen', name: decoded(second) };
  const kind = second === '' && rest.length === 0 ? PLAIN.get(first) : undefined;
  return { kind: kind ?? 'unknown' };
}

function current(): Page {
  return pageOf(location.pathname.startsWith(root.pathname) ? location.pathname.slice(root.pathname.length) : '');
}

/** The page that is shown. */
export const page = signal<Page>(current());

/** The address of something of this node: `api/v1/status`, `streams/NAME`. */
export function href(path: string): string {
  return new URL(path, root).href;
}

/** The address at which a mount is heard. */
export function mountUrl(mount: string): string {
  return href(mount.replace(/^\//, '').split('/').map(encodeURIComponent).join('/'));
}

/** The page of a stream. */
export function streamUrl(name: string): string {
  return href(`streams/${encodeURIComponent(name)}`);
}

/** The player of a stream. */
export function listenUrl(name: string): string {
  return href(`listen/${encodeURIComponent(name)}`);
}

/** Shows another page of the application. */
export function go(url: string): void {
  history.pushState(null, '', url);
  page.value = current();
  scrollTo(0, 0);
}

/** Follows links between pages without loading them anew. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    page.value = current();
  });
  document.addEventListener('click', (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.ctrlKey ||
      event.metaKey ||
      event.shiftKey ||
      event.altKey
    ) {
      return;
    }
    const link = (event.target as Element | null)?.closest?.('a[data-page]');
    if (!(link instanceof HTMLAnchorElement) || link.target) return;
    event.preventDefault();
    go(link.href);
    requestAnimationFrame(() => document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true }));
  });
}
