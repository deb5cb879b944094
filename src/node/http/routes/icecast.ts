/**
 * What Icecast answers at these paths: statistics for everyone, commands for the administrator.
 * @module
 */
import type { ListenerMount } from '../../../modules/network.ts';
import { statsJson, statsXml, statusJson } from '../icecast-stats.ts';
import { findMount, findSource, listenUrl, liveMounts } from '../mounts.ts';
import { type Answer, type Exchange, errorPage, json, READ, type Route, redirect, text, xml } from '../route.ts';
import { element, fieldElements, xmlDocument } from '../xml.ts';

/** The answer to a command: a message, and 1 when it was done. */
export function commandReply(message: string, done: boolean): Answer {
  return xml(xmlDocument(element('iceresponse', fieldElements({ message, return: done ? 1 : 0 }))));
}

/** What Icecast says of a mount that is not there. */
export const noSuchSource = (): Answer => errorPage(400, 'Source does not exist');

function withMount(exchange: Exchange, answer: (mount: ListenerMount, path: string) => Answer): Answer {
  const path = exchange.fields.raw('mount');
  if (path === undefined) return errorPage(400, 'Missing parameter');
  const mount = findMount(exchange.view, path);
  return mount ? answer(mount, path) : noSuchSource();
}

function secondsSince(exchange: Exchange, utcMs: number | undefined): number {
  return utcMs === undefined ? 0 : Math.max(0, Math.floor((exchange.view.clock.utcMs() - utcMs) / 1000));
}

function listMounts(exchange: Exchange): Answer {
  const sources = liveMounts(exchange.view, { hidden: true }).map(({ path, info }) =>
    element(
      'source',
      fieldElements({
        fallback: '',
        listeners: info.listeners,
        Connected: secondsSince(exchange, info.startedUtcMs),
        'content-type': info.contentType,
      }),
      { mount: path },
    ),
  );
  return xml(xmlDocument(element('icestats', sources)));
}

function listClients(mount: ListenerMount, path: string): Answer {
  const listeners = Array.from(mount.clients(), (client) =>
    element(
      'listener',
      fieldElements({
        IP: client.address,
        UserAgent: client.agent,
        Connected: Math.floor(client.connectedMs / 1000),
        ID: client.id,
      }),
    ),
  );
  const source = element('source', [element('Listeners', listeners.length), ...listeners], { mount: path });
  return xml(xmlDocument(element('icestats', [source])));
}

function killClient(exchange: Exchange): Answer {
  const id = exchange.fields.raw('id');
  if (id === undefined) return errorPage(400, 'Missing parameter');
  if (!/^\d{1,15}$/.test(id)) return commandReply('Client not found', false);
  return withMount(exchange, (mount) => {
    const done = mount.kick(Number(id));
    if (done) exchange.view.log.info(`Listener ${id} of ${mount.mount} disconnected by the administrator`);
    return commandReply(done ? `Client ${id} removed` : `Client ${id} not found`, done);
  });
}

function killSource(exchange: Exchange): Answer {
  const path = exchange.fields.raw('mount');
  if (path === undefined) return errorPage(400, 'Missing parameter');
  const killed = findSource(exchange.view, path)?.kill('disconnected by the administrator') ?? false;
  return killed ? commandReply('Source Removed', true) : noSuchSource();
}

/** A URL with the user and password in it, for players that cannot ask for them. */
function buildM3u(exchange: Exchange): Answer {
  return withMount(exchange, (mount) => {
    const url = new URL(listenUrl(exchange, mount));
    url.username = exchange.fields.raw('username') ?? '';
    url.password = exchange.fields.raw('password') ?? '';
    return { status: 200, contentType: 'audio/x-mpegurl', body: `${url.href}\r\n` };
  });
}

function streamList(exchange: Exchange): Answer {
  return text(
    liveMounts(exchange.view, { hidden: true })
      .map(({ path }) => `${path}\r\n`)
      .join(''),
  );
}

const stats = (exchange: Exchange): Answer => xml(statsXml(exchange, exchange.fields.raw('mount')));

/** The routes, `/admin/metadata` apart. */
export const ICECAST_ROUTES: readonly Route[] = [
  {
    path: '/status-json.xsl',
    methods: READ,
    role: 'public',
    isStatistics: true,
    cors: true,
    handle: (exchange) => json(statusJson(exchange)),
  },
  { path: '/status.xsl', methods: READ, role: 'public', handle: () => redirect('/') },
  { path: '/admin/stats', methods: READ, role: 'admin', handle: stats },
  { path: '/admin/stats.xml', methods: READ, role: 'admin', handle: stats },
  {
    path: '/admin/stats.json',
    methods: READ,
    role: 'admin',
    handle: (exchange) => json(statsJson(exchange, exchange.fields.raw('mount'))),
  },
  { path: '/admin/listmounts', methods: READ, role: 'admin', handle: listMounts },
  { path: '/admin/streamlist', methods: READ, role: 'admin', handle: listMounts },
  { path: '/admin/streamlist.txt', methods: READ, role: 'admin', handle: streamList },
  {
    path: '/admin/listclients',
    methods: READ,
    role: 'admin',
    handle: (exchange) => withMount(exchange, listClients),
  },
  { path: '/admin/buildm3u', methods: READ, role: 'admin', handle: buildM3u },
  { path: '/admin/killclient', methods: ['GET', 'POST'], role: 'admin', handle: killClient },
  { path: '/admin/killsource', methods: ['GET', 'POST'], role: 'admin', handle: killSource },
  {
    path: '/admin/moveclients',
    methods: ['GET', 'POST'],
    role: 'admin',
    handle: () => errorPage(501, 'distream does not move listeners: give the stream a fallback instead'),
  },
];
