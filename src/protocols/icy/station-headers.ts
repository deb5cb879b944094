import type { StationInfo } from '../../core/station.ts';
import type { Header } from '../http/head-writer.ts';
import { headerText } from '../http/header-text.ts';

const MAX_BITRATE_KBPS = 100_000;
const BITRATE_IN_AUDIO_INFO = /(?:^|[;&\s])(?:ice-)?bitrate=(\d{1,6})(?!\d)/i;

type Headers = ReadonlyMap<string, string>;

/** What a source or pulled server says of itself: `ice-*` headers or their `icy-*` synonyms, each cleaned and at most 1,024 characters. */
export function stationFromHeaders(headers: Headers): StationInfo {
  const audioInfo = headerText(headers.get('ice-audio-info'));
  const fields = {
    name: either(headers, 'name'),
    description: either(headers, 'description'),
    genre: either(headers, 'genre'),
    url: either(headers, 'url'),
    bitrateKbps: bitrateKbps(headers, audioInfo),
    isPublic: isPublic(headers.get('ice-public') ?? headers.get('icy-pub') ?? headers.get('icy-public')),
    audioInfo,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function either(headers: Headers, name: string): string | undefined {
  return headerText(headers.get(`ice-${name}`)) ?? headerText(headers.get(`icy-${name}`));
}

/** `icy-br: 128`, `ice-bitrate: 128`, also `128,128`; else the one in `ice-audio-info`. */
function bitrateKbps(headers: Headers, audioInfo: string | undefined): number | undefined {
  const declared = /^\s{0,4}(\d{1,6})(?!\d)/.exec(headers.get('ice-bitrate') ?? headers.get('icy-br') ?? '');
  const match = declared ?? BITRATE_IN_AUDIO_INFO.exec(audioInfo ?? '');
  const kbps = Number(match?.[1] ?? 0);
  return kbps > 0 && kbps <= MAX_BITRATE_KBPS ? kbps : undefined;
}

function isPublic(value: string | undefined): boolean | undefined {
  return value === undefined || value === '' ? undefined : !/^(0|false|no)$/i.test(value);
}

/** The headers that tell a listener about the station; `responseHead` cleans the text. */
export function stationHeaders(station: StationInfo): Header[] {
  const headers: Header[] = [];
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined && value !== '') headers.push([name, String(value)]);
  };
  add('icy-name', station.name);
  add('icy-genre', station.genre);
  add('icy-url', station.url);
  add('icy-description', station.description);
  if (station.isPublic !== undefined) add('icy-pub', station.isPublic ? 1 : 0);
  add('icy-br', station.bitrateKbps);
  add('ice-audio-info', station.audioInfo);
  return headers;
}
