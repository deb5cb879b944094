/**
 * The statistics of the node in Icecast's form: names, order and values as its 2.4 gives them.
 * @module
 */
import { listenUrl, liveMounts, type MountedSource, type Reached } from './mounts.ts';
import { element, fieldElements, type XmlFields, xmlDocument } from './xml.ts';

/** `Sat, 21 Nov 2026 07:51:45 +0000` */
function longTime(utcMs: number): string {
  return new Date(utcMs).toUTCString().replace('GMT', '+0000');
}

/** `2026-11-21T07:51:45+0000` */
function shortTime(utcMs: number): string {
  return `${new Date(utcMs).toISOString().slice(0, 19)}+0000`;
}

function publicFields({ mount, info }: MountedSource, reached: Reached): XmlFields {
  const { station } = info;
  return {
    audio_info: station.audioInfo,
    bitrate: station.bitrateKbps,
    genre: station.genre,
    listener_peak: info.listenerPeak,
    listeners: info.listeners,
    listenurl: listenUrl(reached, mount),
    server_description: station.description,
    server_name: station.name,
    server_type: info.contentType,
    server_url: station.url,
    ...(info.startedUtcMs !== undefined && {
      stream_start: longTime(info.startedUtcMs),
      stream_start_iso8601: shortTime(info.startedUtcMs),
    }),
    // Whole, and no artist beside it: widgets that join the two would show the artist twice.
    title: info.title,
  };
}

function allFields(mounted: MountedSource, reached: Reached): XmlFields {
  const { info } = mounted;
  const source = mounted.source?.source();
  const fields: XmlFields = {
    ...publicFields(mounted, reached),
    max_listeners: info.maxListeners ?? 'unlimited',
    public: info.station.isPublic ? 1 : 0,
    slow_listeners: info.slowListeners,
    source_ip: source?.address,
    total_bytes_read: source?.bytesRead,
    total_bytes_sent: info.bytesSent,
    user_agent: source?.agent,
  };
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function serverFields({ view, baseUrl }: Reached): XmlFields {
  return {
    admin: '',
    host: new URL(baseUrl).hostname,
    location: '',
    server_id: `distream ${view.version}`,
    server_start: longTime(view.startedUtcMs),
    server_start_iso8601: shortTime(view.startedUtcMs),
  };
}

/** The object of `/status-json.xsl`: one source is an object, several an array, none no key at all. */
export function statusJson(reached: Reached): { icestats: Record<string, unknown> } {
  const sources = liveMounts(reached.view, { hidden: false }).map((mounted) => ({
    ...publicFields(mounted, reached),
    dummy: null,
  }));
  const source = sources.length > 1 ? sources : sources[0];
  return { icestats: { ...serverFields(reached), ...(source && { source }) } };
}

interface Statistics {
  readonly server: XmlFields;
  readonly sources: readonly { readonly mount: string; readonly fields: XmlFields }[];
}

function statistics(reached: Reached, only: string | undefined): Statistics {
  const { view } = reached;
  const mounts = liveMounts(view, { hidden: true });
  const network = view.networkCounters();
  const listeners = mounts.reduce((total, { info }) => total + info.listeners, 0);
  const pushed = view.directory().sources.filter((source) => source.source()).length;
  const fields: XmlFields = {
    ...serverFields(reached),
    clients: network.connections,
    connections: network.connectionsTotal,
    listeners,
    source_client_connections: pushed,
    sources: mounts.length,
  };
  const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    server: Object.fromEntries(sorted),
    sources: mounts
      .filter(({ path }) => only === undefined || path === only)
      .map((mounted) => ({ mount: mounted.path, fields: allFields(mounted, reached) })),
  };
}

/** The document of `/admin/stats`; of one mount when `only` names it. */
export function statsXml(reached: Reached, only?: string): string {
  const { server, sources } = statistics(reached, only);
  const children = sources.map(({ mount, fields }) => element('source', fieldElements(fields), { mount }));
  return xmlDocument(element('icestats', [...fieldElements(server), ...children]));
}

/** The same as JSON: sources by mount. */
export function statsJson(reached: Reached, only?: string): { icestats: Record<string, unknown> } {
  const { server, sources } = statistics(reached, only);
  const byMount = Object.fromEntries(sources.map(({ mount, fields }) => [mount, fields]));
  return { icestats: { ...server, source: byMount } };
}
