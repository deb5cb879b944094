/**
 * Playlists of a mount, for players that are given a file: `/MOUNT.m3u`, `.pls`, `.xspf`.
 * @module
 */
import { cleanText } from '../../../core/text.ts';
import type { ListenerMount, MountInfo } from '../../../modules/network.ts';
import { isHere, listedPath, listenUrl } from '../mounts.ts';
import { type Answer, type Exchange, READ, type Route } from '../route.ts';
import { element, fieldElements, xmlDocument } from '../xml.ts';

/** The mount at `path`, else the one that is `path` with its own ending, e.g. `/live` for `/live.mp3`. */
function mountAt(exchange: Exchange, path: string): ListenerMount | undefined {
  const { listeners: all } = exchange.view.directory();
  // A port of its own may have a mount of the same path.
  const listeners = [...all].sort((a, b) => Number(isHere(exchange, b)) - Number(isHere(exchange, a)));
  const exact = listeners.find((mount) => listedPath(mount.mount) === path);
  return exact ?? listeners.find((mount) => listedPath(mount.mount).replace(/\.[A-Za-z0-9]{1,5}$/, '') === path);
}

/** One line: a line break would begin another entry. */
function displayName({ station, streamName }: MountInfo): string {
  return cleanText(station.name || streamName, 300);
}

function m3u(url: string): string {
  return `${url}\r\n`;
}

function pls(url: string, info: MountInfo): string {
  const lines = [
    '[playlist]',
    'NumberOfEntries=1',
    `File1=${url}`,
    `Title1=${displayName(info)}`,
    'Length1=-1',
    'Version=2',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function xspf(url: string, info: MountInfo): string {
  const { station } = info;
  const annotation = [
    `Stream Title: ${displayName(info)}`,
    `Stream Description: ${station.description ?? ''}`,
    `Content Type: ${info.contentType ?? ''}`,
    `Current Listeners: ${info.listeners}`,
    `Peak Listeners: ${info.listenerPeak}`,
    `Stream Genre: ${station.genre ?? ''}`,
  ].join('\n');
  const track = fieldElements({ location: url, title: info.title ?? '', annotation, info: station.url || undefined });
  return xmlDocument(
    element('playlist', [element('title', displayName(info)), element('trackList', [element('track', track)])], {
      version: 1,
      xmlns: 'http://xspf.org/ns/0/',
    }),
  );
}

interface Writer {
  readonly extension: string;
  readonly contentType: string;
  write(url: string, info: MountInfo): string;
}

const WRITERS: readonly Writer[] = [
  { extension: '.m3u', contentType: 'audio/x-mpegurl', write: m3u },
  { extension: '.pls', contentType: 'audio/x-scpls', write: pls },
  { extension: '.xspf', contentType: 'application/xspf+xml; charset=utf-8', write: xspf },
];

function playlist(exchange: Exchange, writer: Writer): Answer | undefined {
  const mount = mountAt(exchange, exchange.path.slice(0, -writer.extension.length));
  if (!mount) return undefined;
  const body = writer.write(listenUrl(exchange, mount), mount.info());
  return { status: 200, contentType: writer.contentType, body };
}

/** The routes. */
export const PLAYLIST_ROUTES: readonly Route[] = WRITERS.map((writer) => ({
  path: `/*${writer.extension}`,
  methods: READ,
  role: 'public',
  cors: true,
  handle: (exchange) => playlist(exchange, writer),
}));
