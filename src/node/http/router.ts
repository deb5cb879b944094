/**
 * The HTTP surface of a node: one table of routes, one place where a request is admitted and answered.
 * @module
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { reasonOf } from '../../core/errors.ts';
import { type Client, clientOf } from '../../net/client-address.ts';
import type { FailureLimiter } from '../../net/failure-limiter.ts';
import { type Credentials, parseBasicAuth } from '../../protocols/http/basic-auth.ts';
import { HeadError } from '../../protocols/http/head-error.ts';
import { splitTarget } from '../../protocols/http/target.ts';
import type { Identity } from '../access/access.ts';
import { metricsRoute } from '../metrics/route.ts';
import type { NodeView } from '../node-view.ts';
import { readBody } from './body.ts';
import { FormFields } from './form-fields.ts';
import { parseJsonBody } from './json-body.ts';
import { isLocalAddress, isLoopbackAddress } from './local-address.ts';
import type { Operation } from './operation.ts';
import {
  baseUrlOf,
  isCrossSite,
  isForeign,
  isSameOrigin,
  namesThisMachine,
  pathPrefixOf,
  wasForwarded,
} from './origin.ts';
import { loadPageAssets } from './page-assets.ts';
import {
  type Answer,
  authenticationRequired,
  type Exchange,
  errorPage,
  problem,
  type Route,
  signInRequired,
  text,
} from './route.ts';
import { RouteTable } from './route-table.ts';
import { ACCESS_ROUTES } from './routes/access.ts';
import { API_ROUTES } from './routes/api.ts';
import { CONFIGURATION_ROUTES } from './routes/configuration.ts';
import { EVENT_ROUTES } from './routes/events.ts';
import { HISTORY_ROUTES } from './routes/history.ts';
import { ICECAST_ROUTES } from './routes/icecast.ts';
import { LEDGER_ROUTES } from './routes/ledger.ts';
import { METADATA_ROUTES } from './routes/metadata.ts';
import { openApiRoute } from './routes/openapi.ts';
import { pageRoutes } from './routes/page.ts';
import { PLAYLIST_ROUTES } from './routes/playlists.ts';
import { SHOUTCAST_ROUTES } from './routes/shoutcast.ts';
import { STEERING_ROUTES } from './routes/steering.ts';
import { SWARM_ROUTES } from './routes/swarm.ts';
import { takeRoutes } from './routes/takes.ts';
import { TRACK_ROUTES } from './routes/tracks.ts';

const DEFAULT_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** What the router is given besides the node. */
export interface RouterOptions {
  /** Wrong passwords by address; shared with the sources, so that neither is a way around the other. */
  readonly failures: FailureLimiter;
  /** Routes of the program around the node, e.g. the demo; they cannot replace the node's own. */
  readonly extraRoutes?: readonly Route[];
}

/** Every route of a node; `extraRoutes` come last and replace none. @param takesFor who may see takes */
export function nodeRoutes(extraRoutes: readonly Route[] = [], takesFor: 'admin' | 'machine' = 'admin'): Route[] {
  const routes: Route[] = [
    ...pageRoutes(loadPageAssets(), extraRoutes),
    ...API_ROUTES,
    ...ACCESS_ROUTES,
    ...EVENT_ROUTES,
    ...HISTORY_ROUTES,
    ...TRACK_ROUTES,
    ...takeRoutes(takesFor),
    ...SWARM_ROUTES,
    ...STEERING_ROUTES,
    ...CONFIGURATION_ROUTES,
    openApiRoute(() => routes),
    ...LEDGER_ROUTES,
    metricsRoute(),
    ...ICECAST_ROUTES,
    ...METADATA_ROUTES,
    ...SHOUTCAST_ROUTES,
    ...PLAYLIST_ROUTES,
    ...extraRoutes,
  ];
  return routes;
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
  readonly #routes: RouteTable;

  constructor(view: NodeView, { failures, extraRoutes = [] }: RouterOptions) {
    this.#view = view;
    this.#failures = failures;
    this.#routes = new RouteTable(nodeRoutes(extraRoutes, view.takesFor));
  }

  async answer(request: IncomingMessage): Promise<Answered> {
    let target: ReturnType<typeof splitTarget>;
    try {
      target = splitTarget(request.url ?? '/');
    } catch (error) {
      if (error instanceof HeadError) return { answer: errorPage(error.status, 'Bad Request') };
      throw error;
    }
    const found = this.#routes.find(target.path);
    if (!found) return { answer: this.#unknown(request, target.path) };
    const route = found.routes.find(({ methods }) => methods.some((method) => method === request.method));
    if (!route) return { answer: refuseMethod(request, found.routes), route: found.routes[0]! };
    return { route, answer: await this.#admit(request, route, { ...target, params: found.params }) };
  }

  #unknown(request: IncomingMessage, path: string): Answer {
    if (request.method === 'OPTIONS' && path === '*') {
      return { ...text(''), status: 204, headers: { Allow: 'GET, HEAD, POST, PUT, DELETE, OPTIONS, SOURCE' } };
    }
    return path.startsWith('/api/') ? problem(404, NOT_FOUND) : errorPage(404, NOT_FOUND);
  }

  async #admit(request: IncomingMessage, route: Route, target: FoundTarget): Promise<Answer> {
    const client = clientOf(request);
    // Who may not try a password is not told whether it was right.
    const isForAll = route.role === 'public' && !(route.isStatistics && this.#view.publicView === 'off');
    const isBlocked = !isForAll && this.#failures.isBlocked(client.address);
    const login = isForAll || isBlocked ? NO_LOGIN : this.#login(request);
    const refusal = isBlocked
      ? tooManyFailures(route)
      : (this.#refuseOrigin(request, route, client.address, login) ??
        this.#refuseRole(request, route, client.address, login));
    if (refusal) return refusal;
    const form = hasBody(request, route) ? await readBody(request, this.#view.clock) : '';
    if (typeof form === 'number') return refuse(route, form, form === 413 ? 'Form too long' : 'Form too slow');
    const json = parseJsonBody(request, route, form);
    if ('answer' in json) return json.answer;
    const exchange = this.#exchange(request, client, login, {
      target,
      form: route.operation ? '' : form,
      body: json.body,
    });
    return (await route.handle(exchange)) ?? refuse(route, 404, NOT_FOUND);
  }

  #exchange(request: IncomingMessage, client: Client, login: Login, read: ReadRequest): Exchange {
    return {
      view: this.#view,
      path: read.target.path,
      params: read.target.params,
      fields: new FormFields(read.target.search, read.form),
      body: read.body,
      baseUrl: baseUrlOf(request, client.secure),
      localPort: request.socket.localPort ?? 0,
      clientAddress: client.address,
      credentials: login.credentials,
      identity: login.identity,
      isAdmin: login.identity !== undefined,
      isThisMachine: isThisMachine(request, client.address),
      isHead: request.method === 'HEAD',
      isSecure: client.secure,
      pathPrefix: pathPrefixOf(request),
      header: (name) => request.headers[name]?.toString(),
      countFailure: () => this.#failures.count(client.address),
      isBlocked: () => this.#failures.isBlocked(client.address),
    };
  }

  #login(request: IncomingMessage): Login {
    const { authorization, cookie } = request.headers;
    const { access } = this.#view;
    const credentials = parseBasicAuth(authorization);
    if (credentials)
      return { credentials, identity: access.ofBasic(credentials), isWrong: !access.ofBasic(credentials) };
    if (authorization !== undefined && /^bearer /i.test(authorization)) {
      const identity = access.ofBearer(authorization);
      return { credentials: undefined, identity, isWrong: !identity };
    }
    return { credentials: undefined, identity: access.ofCookie(cookie), isWrong: false };
  }

  /** Refuses what a page of another site made a browser send. */
  #refuseOrigin(request: IncomingMessage, route: Route, address: string, { identity }: Login): Answer | undefined {
    const { role, operation } = route;
    const changes = operation !== undefined && request.method !== 'GET' && request.method !== 'HEAD';
    const isGuarded = changes || !['public', 'guest', 'viewer'].includes(role);
    if (!isGuarded) return undefined;
    const isOther = changes ? isForeign(request) : isCrossSite(request);
    // A browser that sends a cookie tells by itself where it comes from.
    const isUntold = changes && identity?.by === 'session' && !isSameOrigin(request);
    if (isOther || isUntold) return refuse(route, 403, 'Not from a page of another site');
    const isRebound = role !== 'source' && isLoopbackAddress(address) && !namesThisMachine(request.headers.host);
    return isRebound ? refuse(route, 421, 'Ask by the address of this machine') : undefined;
  }

  #refuseRole(request: IncomingMessage, route: Route, address: string, login: Login): Answer | undefined {
    const { role } = route;
    const isOpen = this.#view.publicView !== 'off';
    if (login.identity) return undefined;
    if (role === 'public' && (isOpen || !route.isStatistics)) return undefined;
    if (role === 'source') return undefined;
    if (!login.isWrong) {
      if (role === 'guest' || (role === 'viewer' && isOpen)) return undefined;
      if (role === 'local' && isLocalAddress(address) && !wasForwarded(request)) return undefined;
      if (role === 'machine' && isLoopbackAddress(address) && !wasForwarded(request)) return undefined;
    } else {
      this.#failures.count(address);
    }
    return isPlain(route.operation) ? authenticationRequired() : signInRequired();
  }
}

/** Who asks, as far as the request tells. */
interface Login {
  readonly credentials: Credentials | undefined;
  readonly identity: Identity | undefined;
  /** A password or token was given that opens nothing. */
  readonly isWrong: boolean;
}

const NO_LOGIN: Login = { credentials: undefined, identity: undefined, isWrong: false };
const NOT_FOUND = 'The file you requested could not be found';

interface FoundTarget {
  readonly path: string;
  readonly search: string;
  readonly params: readonly string[];
}

interface ReadRequest {
  readonly target: FoundTarget;
  readonly form: string;
  readonly body: unknown;
}

/** As for the role `machine`. */
function isThisMachine(request: IncomingMessage, address: string): boolean {
  const isNear = isLoopbackAddress(address) && !wasForwarded(request);
  return isNear && !isCrossSite(request) && namesThisMachine(request.headers.host);
}

function hasBody({ method }: IncomingMessage, { operation }: Route): boolean {
  return method === 'POST' && (operation === undefined || operation.request !== undefined);
}

function isPlain(operation: Operation | undefined): boolean {
  return operation === undefined || operation.isPlain === true;
}

/** An error in the form of the route: a problem for the API, Icecast's page for the rest. */
function refuse({ operation }: Route, status: number, reason: string): Answer {
  return isPlain(operation) ? errorPage(status, reason) : problem(status, reason);
}

function refuseMethod(request: IncomingMessage, routes: readonly Route[]): Answer {
  const allow = [...new Set([...routes.flatMap(({ methods }) => methods), 'OPTIONS'])].join(', ');
  if (request.method !== 'OPTIONS')
    return { ...refuse(routes[0]!, 405, 'Method not allowed'), headers: { Allow: allow } };
  const cors = routes[0]!.cors ? { 'Access-Control-Allow-Methods': 'GET, HEAD', 'Access-Control-Max-Age': '300' } : {};
  return { ...text(''), status: 204, headers: { Allow: allow, ...cors } };
}

function tooManyFailures({ operation }: Route): Answer {
  const headers = { 'Retry-After': '60' };
  if (!isPlain(operation)) return problem(429, 'Too many wrong passwords', 'Try again in a minute.', headers);
  return { ...text('Too many wrong passwords; try again later\r\n', 429), headers };
}

function send(request: IncomingMessage, response: ServerResponse, { answer, route }: Answered): void {
  const body = Buffer.from(answer.body);
  const isStream = answer.stream !== undefined && request.method !== 'HEAD';
  // The end of such an answer is that of its connection: each of its writes is then one write to the socket.
  if (isStream) response.useChunkedEncodingByDefault = false;
  response.writeHead(answer.status, {
    'Content-Type': answer.contentType,
    ...(answer.status !== 204 && !isStream && { 'Content-Length': body.length }),
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
  if (isStream) answer.stream!(response);
  else response.end(request.method === 'HEAD' ? undefined : body);
}
