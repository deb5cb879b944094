/**
 * What SHOUTcast answers at these paths; widgets and control panels read them.
 * @module
 */

import { escapeHtml } from '../html.ts';
import { liveMounts, type MountedSource } from '../mounts.ts';
import { type Answer, type Exchange, json, page, READ, type Route, text, xml } from '../route.ts';
import { element, xmlDocument } from '../xml.ts';

/** SHOUTcast numbers its streams from 1; ours are numbered by path. */
function mountOf(exchange: Exchange): MountedSource | undefined {
  const sid = exchange.fields.raw('sid') ?? '1';
  return /^\d{1,4}$/.test(sid) ? liveMounts(exchange.view, { hidden: false })[Number(sid) - 1] : undefined;
}

/** `listeners,status,peak,maximum,unique,bitrate,title` */
function sevenHtml(exchange: Exchange): Answer {
  const info = mountOf(exchange)?.info;
  const numbers = info
    ? [info.listeners, 1, info.listenerPeak, info.maxListeners ?? 0, info.listeners, info.station.bitrateKbps ?? 0]
    : [0, 0, 0, 0, 0, 0];
  return page(
    `<HTML><meta http-equiv="Pragma" content="no-cache"></head><body>${numbers.join(',')},${escapeHtml(info?.title ?? '')}</body></html>`,
  );
}

function statistics(exchange: Exchange): Record<string, string | number> {
  const mounted = mountOf(exchange);
  if (!mounted) return { currentlisteners: 0, peaklisteners: 0, streamstatus: 0, version: exchange.view.version };
  const { info, path } = mounted;
  const startedUtcMs = info.startedUtcMs ?? exchange.view.clock.utcMs();
  return {
    currentlisteners: info.listeners,
    peaklisteners: info.listenerPeak,
    maxlisteners: info.maxListeners ?? 0,
    uniquelisteners: info.listeners,
    averagetime: 0,
    servergenre: info.station.genre ?? '',
    serverurl: info.station.url ?? '',
    servertitle: info.station.name ?? '',
    songtitle: info.title ?? '',
    streamhits: 0,
    streamstatus: 1,
    backupstatus: 0,
    streamlisted: 0,
    streampath: path,
    streamuptime: Math.max(0, Math.floor((exchange.view.clock.utcMs() - startedUtcMs) / 1000)),
    bitrate: String(info.station.bitrateKbps ?? 0),
    content: info.contentType ?? '',
    version: exchange.view.version,
  };
}

function stats(exchange: Exchange): Answer {
  const values = statistics(exchange);
  if (exchange.fields.raw('json') === '1') return json(values);
  const children = Object.entries(values).map(([name, value]) => element(name.toUpperCase(), value));
  return xml(xmlDocument(element('SHOUTCASTSERVER', children)));
}

/** The routes. */
export const SHOUTCAST_ROUTES: readonly Route[] = [
  { path: '/7.html', methods: READ, role: 'public', isStatistics: true, cors: true, handle: sevenHtml },
  { path: '/stats', methods: READ, role: 'public', isStatistics: true, cors: true, handle: stats },
  {
    path: '/currentsong',
    methods: READ,
    role: 'public',
    isStatistics: true,
    cors: true,
    handle: (exchange) => text(mountOf(exchange)?.info.title ?? ''),
  },
];
