import type { Route } from './route.ts';

/** The routes of a path, one for each set of methods, and what stands for its `*`. */
export interface FoundRoutes {
  /** At least one. */
  readonly routes: readonly Route[];
  readonly params: readonly string[];
}

interface Pattern {
  readonly segments: readonly string[];
  readonly routes: Route[];
}

/** Finds routes by path: an exact one first, then a pattern, then an ending. The first that claims a method has it. */
export class RouteTable {
  readonly #exact = new Map<string, Route[]>();
  readonly #patterns = new Map<string, Pattern>();
  readonly #byExtension = new Map<string, Route[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) this.#add(route);
  }

  find(path: string): FoundRoutes | undefined {
    const exact = this.#exact.get(path);
    if (exact) return { routes: exact, params: [] };
    const segments = path.split('/');
    for (const pattern of this.#patterns.values()) {
      const params = matches(pattern.segments, segments);
      if (params) return { routes: pattern.routes, params };
    }
    const routes = this.#byExtension.get(path.slice(path.lastIndexOf('.')));
    return routes && { routes, params: [] };
  }

  #add(route: Route): void {
    const { path } = route;
    if (path.startsWith('/*.')) addTo(this.#byExtension, path.slice(2), route);
    else if (!path.includes('*')) addTo(this.#exact, path, route);
    else {
      const pattern = this.#patterns.get(path) ?? { segments: path.split('/'), routes: [] };
      this.#patterns.set(path, pattern);
      if (!isTaken(pattern.routes, route)) pattern.routes.push(route);
    }
  }
}

function addTo(table: Map<string, Route[]>, key: string, route: Route): void {
  const routes = table.get(key) ?? [];
  if (!isTaken(routes, route)) table.set(key, [...routes, route]);
}

function isTaken(routes: readonly Route[], { methods }: Route): boolean {
  return routes.some((known) => known.methods.some((method) => methods.includes(method)));
}

function matches(pattern: readonly string[], segments: readonly string[]): string[] | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: string[] = [];
  for (const [index, wanted] of pattern.entries()) {
    const given = segments[index]!;
    if (wanted !== '*' && wanted !== given) return undefined;
    if (wanted !== '*') continue;
    if (given === '') return undefined;
    params.push(given);
  }
  return params;
}
