/**
 * The HTTP surface of a node: one table of routes, one place where a request is admitted and answered.
 * @module
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { reasonOf } from '../../core/errors.ts';
import { secretEquals } from '../../core/secret.ts';
import { clientOf } from '../../net/client-address.ts';
import type { FailureLimiter } from '../../net/failure-limiter.ts';
import { type Credentials, parseBasicAuth } from '../../protocols/http/basic-auth.ts';
import { HeadError } from '../../protocols/http/head-error.ts';
import { splitTarget } from '../../protocols/http/target.ts';
import { metricsRoute } from '../metrics/route.ts';
import type { NodeView } from '../node-view.ts';
import { readBody } from './body.ts';
import { FormFields } from './form-fields.ts';
import { isLocalAddress, isLoopbackAddress } from './local-address.ts';
import { baseUrlOf, isCrossSite, namesThisMachine, wasForwarded } from './origin.ts';
import { loadPageAssets } from './page-assets.ts';
import { type Answer, authenticationRequired, type Exchange, errorPage, type Route, text } from './route.ts';
import { API_ROUTES } from './routes/api.ts';
import { ICECAST_ROUTES } from './routes/icecast.ts';
import { LEDGER_ROUTES } from './routes/ledger.ts';
import { METADATA_ROUTES } from './routes/metadata.ts';
import { pageRoutes } from './routes/page.ts';
import { PLAYLIST_ROUTES } from './routes/playlists.ts';
import { SHOUTCAST_ROUTES } from './routes/shoutcast.ts';

const DEFAULT_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** What the router is given besides the node. */
export interface RouterOptions {
  /** Wrong passwords by address; shared with the sources, so that neither is a way around the other. */
  readonly failures: FailureLimiter;
  /** Routes of the program around the node, e.g. the demo; they cannot replace the node's own. */
  readonly extraRoutes?: readonly Route[];
}

/** Every route of a node; `extraRoutes` come last and replace none. */
export function nodeRoutes(extraRoutes: readonly Route[] = []): Route[] {
  return [
    ...pageRoutes(loadPageAssets(), extraRoutes),
    ...API_ROUTES,
    ...LEDGER_ROUTES,
    metricsRoute(),
    ...ICECAST_ROUTES,
    ...METADATA_ROUTES,
    ...SHOUTCAST_ROUTES,
    ...PLAYLIST_ROUTES,
    ...extraRoutes,
  ];
}

/**
 * Answers all requests that are not for a mount. Each answer is whole and closes the connection. Never throws.
 */
export function createRequestListener(view: NodeView, options: RouterOptions): RequestListener {
  const router = new Router(view, options);
  return (request, response) => {
    router
      .answer(request)
      .then((answered) => send(request, response, answered))
      .catch((error: unknown) => {
        if (response.destroyed) return; // the client went away while it sent
        // without the query, which may hold a password
        const path = request.url?.split('?', 1)[0]?.slice(0, 200);
        view.log.error(`The answer to ${request.method} ${path} failed: ${reasonOf(error)}`);
        if (response.headersSent) response.destroy();
        else send(request, response, { answer: errorPage(500, 'internal error') });
      });
  };
}

interface Answered {
  readonly answer: Answer;
  readonly route?: Route;
}

class Router {
  readonly #view: NodeView;
  readonly #failures: FailureLimiter;
  readonly #exact = new Map<string, Route>();
  readonly #byExtension = new Map<string, Route>();
  readonly #byPattern: { readonly before: string; readonly after: string; readonly route: Route }[] = [];

  constructor(view: NodeView, { failures, extraRoutes = [] }: RouterOptions) {
    this.#view = view;
    this.#failures = failures;
    for (const route of nodeRoutes(extraRoutes)) {
      const [before, after] = route.path.split('/*/');
      if (before !== undefined && after !== undefined) {
        this.#byPattern.push({ before: `${before}/`, after: `/${after}`, route });
        continue;
      }
      const [table, key] = route.path.startsWith('/*')
        ? [this.#byExtension, route.path.slice(2)]
        : [this.#exact, route.path];
      if (!table.has(key)) table.set(key, route);
    }
  }

  async answer(request: IncomingMessage): Promise<Answered> {
    let target: ReturnType<typeof splitTarget>;
    try {
      target = splitTarget(request.url ?? '/');
    } catch (error) {
      if (error instanceof HeadError) return { answer: errorPage(error.status, 'Bad Request') };
      throw error;
    }
    const route = this.#find(target.path);
    if (!route) return { answer: this.#unknown(request, target.path) };
    const refusal = refuseMethod(request, route);
    return { route, answer: refusal ?? (await this.#admit(request, route, target)) };
  }

  #find(path: string): Route | undefined {
    const exact = this.#exact.get(path);
    if (exact) return exact;
    const pattern = this.#byPattern.find(
      ({ before, after }) =>
        path.startsWith(before) &&
        path.endsWith(after) &&
        path.length > before.length + after.length &&
        !path.slice(before.length, -after.length).includes('/'),
    );
    return pattern?.route ?? this.#byExtension.get(path.slice(path.lastIndexOf('.')));
  }

  #unknown(request: IncomingMessage, path: string): Answer {
    if (request.method === 'OPTIONS' && path === '*') {
      return { ...text(''), status: 204, headers: { Allow: 'GET, HEAD, POST, PUT, OPTIONS, SOURCE' } };
    }
    return errorPage(404, 'The file you requested could not be found');
  }

  async #admit(request: IncomingMessage, route: Route, target: { path: string; search: string }): Promise<Answer> {
    const client = clientOf(request);
    const credentials = route.role === 'public' ? undefined : parseBasicAuth(request.headers.authorization);
    const isAdmin = credentials !== undefined && this.#isAdmin(credentials);
    const refusal =
      this.#refuseClient(request, route, client.address) ??
      this.#refuseRole(request, route, client.address, {
        credentials,
        isAdmin,
      });
    if (refusal) return refusal;
    const form = request.method === 'POST' ? await readBody(request, this.#view.clock) : '';
    if (typeof form === 'number') return errorPage(form, form === 413 ? 'Form too long' : 'Form too slow');
    const exchange: Exchange = {
      view: this.#view,
      path: target.path,
      fields: new FormFields(target.search, form),
      baseUrl: baseUrlOf(request, client.secure),
      localPort: request.socket.localPort ?? 0,
      clientAddress: client.address,
      credentials,
      isAdmin,
      countFailure: () => this.#failures.count(client.address),
    };
    return (await route.handle(exchange)) ?? errorPage(404, 'The file you requested could not be found');
  }

  #isAdmin({ user, password }: Credentials): boolean {
    const { admin } = this.#view;
    // Both are compared, so that the time does not tell which was wrong. An empty password opens nothing.
    const userFits = secretEquals(user, admin.user);
    return secretEquals(password, admin.password) && userFits && admin.password !== '';
  }

  #refuseClient(request: IncomingMessage, { role }: Route, address: string): Answer | undefined {
    if (role === 'public') return undefined;
    if (this.#failures.isBlocked(address)) return tooManyFailures();
    if (role === 'viewer') return undefined;
    if (isCrossSite(request)) return errorPage(403, 'Not from a page of another site');
    const rebound = role !== 'source' && isLoopbackAddress(address) && !namesThisMachine(request.headers.host);
    return rebound ? errorPage(421, 'Ask by the address of this machine') : undefined;
  }

  #refuseRole(request: IncomingMessage, { role }: Route, address: string, login: Login): Answer | undefined {
    if (login.isAdmin || role === 'public' || role === 'source') return undefined;
    if (!login.credentials) {
      if (role === 'viewer') return undefined;
      if (role === 'local' && isLocalAddress(address) && !wasForwarded(request)) return undefined;
    } else {
      this.#failures.count(address);
    }
    return authenticationRequired();
  }
}

interface Login {
  readonly credentials: Credentials | undefined;
  readonly isAdmin: boolean;
}

function refuseMethod(request: IncomingMessage, route: Route): Answer | undefined {
  if (route.methods.some((method) => method === request.method)) return undefined;
  const allow = [...route.methods, 'OPTIONS'].join(', ');
  if (request.method !== 'OPTIONS') return { ...errorPage(405, 'Method not allowed'), headers: { Allow: allow } };
  const cors = route.cors ? { 'Access-Control-Allow-Methods': 'GET, HEAD', 'Access-Control-Max-Age': '300' } : {};
  return { ...text(''), status: 204, headers: { Allow: allow, ...cors } };
}

function tooManyFailures(): Answer {
  return { ...text('Too many wrong passwords; try again later\r\n', 429), headers: { 'Retry-After': '60' } };
}

function send(request: IncomingMessage, response: ServerResponse, { answer, route }: Answered): void {
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, {
    'Content-Type': answer.contentType,
    ...(answer.status !== 204 && { 'Content-Length': body.length }),
    'Cache-Control': 'no-cache, no-store',
    Expires: 'Mon, 26 Jul 1997 05:00:00 GMT',
    Pragma: 'no-cache',
    Connection: 'close',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Content-Security-Policy': DEFAULT_POLICY,
    ...(route?.cors && { 'Access-Control-Allow-Origin': '*' }),
    ...answer.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
