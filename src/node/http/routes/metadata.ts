/**
 * Titles that encoders send beside the audio: `/admin/metadata` (Icecast) and `/admin.cgi` (SHOUTcast).
 * @module
 */
import type { ShoutcastMount, SourceMount, TitleUpdate } from '../../../modules/network.ts';
import type { FormFields } from '../form-fields.ts';
import { findSource } from '../mounts.ts';
import { type Answer, authenticationRequired, type Exchange, errorPage, type Route } from '../route.ts';
import { commandReply, noSuchSource } from './icecast.ts';

function titleUpdate(fields: FormFields): TitleUpdate {
  const charset = fields.raw('charset');
  const update: Record<string, string> = {};
  for (const key of ['song', 'artist', 'title', 'url']) {
    const value = fields.get(key, charset);
    if (value !== undefined) update[key] = value;
  }
  return update;
}

function applyUpdate(source: SourceMount, update: TitleUpdate): Answer {
  const outcome = Object.keys(update).length === 0 ? 'ok' : source.setTitle(update);
  if (outcome === 'no-source') return noSuchSource();
  return commandReply(outcome === 'ok' ? 'Metadata update successful' : 'Mountpoint will not accept URL updates', true);
}

function isShoutcast(source: SourceMount): source is ShoutcastMount {
  return 'matches' in source;
}

/** A password without a user: the whole login of a SHOUTcast mount, or that of the user `source`. */
function opens(source: SourceMount, password: string): boolean {
  const [user, rest] = splitLogin(password);
  if (isShoutcast(source) && source.matches(password)) return true;
  return source.checkCredentials('source', password) || (rest !== undefined && source.checkCredentials(user, rest));
}

/** SHOUTcast clients also write `user:password`. */
function splitLogin(password: string): [user: string, rest: string | undefined] {
  const colon = password.indexOf(':');
  return colon < 0 ? [password, undefined] : [password.slice(0, colon), password.slice(colon + 1)];
}

function mayUpdate(exchange: Exchange, source: SourceMount): boolean {
  const { credentials } = exchange;
  if (exchange.isAdmin) return true;
  if (credentials && source.checkCredentials(credentials.user, credentials.password)) return true;
  const password = exchange.fields.raw('pass');
  return password !== undefined && opens(source, password);
}

function refused(exchange: Exchange): Answer {
  if (exchange.credentials || exchange.fields.raw('pass') !== undefined) exchange.countFailure();
  return authenticationRequired();
}

function wrongMode(fields: FormFields): Answer | undefined {
  const mode = fields.raw('mode');
  return mode === undefined || mode === 'updinfo' ? undefined : commandReply('No such action', false);
}

function updateMetadata(exchange: Exchange): Answer {
  const path = exchange.fields.raw('mount');
  const source = path === undefined ? undefined : findSource(exchange.view, path);
  // Only who may change something learns which mounts there are.
  if (!exchange.isAdmin && !(source && mayUpdate(exchange, source))) return refused(exchange);
  if (path === undefined) return errorPage(400, 'Unknown admin request');
  if (!source) return noSuchSource();
  return wrongMode(exchange.fields) ?? applyUpdate(source, titleUpdate(exchange.fields));
}

/** SHOUTcast names no mount: the one that the password opens, best the one that this encoder sends to. */
function updateShoutcast(exchange: Exchange): Answer {
  const path = exchange.fields.raw('mount');
  const named = path === undefined ? undefined : findSource(exchange.view, path);
  const candidates = path === undefined ? exchange.view.directory().sources : named ? [named] : [];
  const opened = candidates.filter((source) => mayUpdate(exchange, source));
  const connected = opened.filter((source) => source.source());
  const source =
    connected.find((candidate) => candidate.source()?.address === exchange.clientAddress) ?? connected[0] ?? opened[0];
  if (!source) return exchange.isAdmin ? noSuchSource() : refused(exchange);
  return wrongMode(exchange.fields) ?? applyUpdate(source, titleUpdate(exchange.fields));
}

/** The routes. Who may use them is decided by the mount. */
export const METADATA_ROUTES: readonly Route[] = [
  { path: '/admin/metadata', methods: ['GET', 'POST'], role: 'source', handle: updateMetadata },
  { path: '/admin.cgi', methods: ['GET', 'POST'], role: 'source', handle: updateShoutcast },
];
