import type { StationInfo } from '../../core/station.ts';
import { headerText } from '../../protocols/http/header-text.ts';
import type { ResponseHead } from '../../protocols/http/response-head-reader.ts';
import type { Playlist } from '../../protocols/playlist/playlist.ts';

/** What the answer is. After `stream` the audio follows; every other answer is the last thing that is read. */
export type Answer =
  | { readonly kind: 'stream'; readonly contentType: string | undefined; readonly station: StationInfo; agent?: string }
  | { readonly kind: 'playlist'; readonly playlist: Playlist }
  | { readonly kind: 'redirect'; readonly location: string }
  /** A page for people; an old SHOUTcast server shows one at `/` and has its stream at `/;`. */
  | { readonly kind: 'page' }
  | { readonly kind: 'refused' | 'no-stream'; readonly reason: string };

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [400, 'it does not understand the request, or it is full'],
  [404, 'there is no such stream now'],
  [405, 'it does not give streams this way'],
  [410, 'the stream is gone for good'],
  [429, 'it has too many requests'],
  [500, 'it failed'],
  [502, 'its own source does not answer'],
  [503, 'it is full or has no source'],
  [504, 'its own source does not answer'],
]);

/** What a status means for a stream; undefined for 200. */
export function classifyStatus(head: ResponseHead): Answer | undefined {
  const { status, headers, protocol } = head;
  if (status === 200) return undefined;
  const location = headers.get('location');
  if (REDIRECTS.has(status) && location) return { kind: 'redirect', location: utf8(location) };
  const given = [status, headerText(head.reason, 80)].filter(Boolean).join(' ');
  // SHOUTcast v1 says `ICY 401 Service Unavailable` when it has no source
  const asksForLogin = (status === 401 && protocol !== 'ICY') || status === 403 || status === 407;
  if (asksForLogin) return { kind: 'refused', reason: given };
  const meaning = REDIRECTS.has(status) ? 'without saying where to go' : MEANINGS.get(status);
  return { kind: 'no-stream', reason: `it answers ${given}${meaning ? `: ${meaning}` : ''}` };
}

/** Header text has one character per byte; an address with other characters is mostly UTF-8. */
function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** Types of applications that are no audio; others, such as `application/ogg`, may be. */
const NO_AUDIO: ReadonlySet<string> = new Set(
  ['json', 'xml', 'javascript', 'pdf', 'zip', 'gzip', 'rss+xml', 'atom+xml'].map((name) => `application/${name}`),
);

/** Why bytes of that type are no stream; undefined when they may be one. `mimeType`: lower case, without parameters, may be empty. */
export function nonAudioReason(mimeType: string): string | undefined {
  const isOther = /^(?:text|image|font|model|multipart|message)\//.test(mimeType) || NO_AUDIO.has(mimeType);
  return isOther ? `it sends ${headerText(mimeType, 80)}, not audio` : undefined;
}
