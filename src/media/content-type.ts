import { extname } from 'node:path';

/** What a framer is chosen by. */
export type FramedKind = 'mp3' | 'adts' | 'ogg' | 'flac' | 'webm';

const KIND_OF_TYPE: ReadonlyMap<string, FramedKind> = new Map([
  ...['audio/mpeg', 'audio/mp3', 'audio/x-mpeg', 'audio/x-mp3', 'audio/mpeg3', 'audio/x-mpeg-3', 'audio/mpg'].map(
    (type) => [type, 'mp3'] as const,
  ),
  ...['audio/aac', 'audio/aacp', 'audio/x-aac', 'audio/aac-adts', 'audio/x-aacp'].map(
    (type) => [type, 'adts'] as const,
  ),
  ...[
    'application/ogg',
    'audio/ogg',
    'video/ogg',
    'audio/opus',
    'audio/vorbis',
    'application/x-ogg',
    'audio/x-ogg',
  ].map((type) => [type, 'ogg'] as const),
  ...['audio/flac', 'audio/x-flac', 'application/flac', 'application/x-flac'].map((type) => [type, 'flac'] as const),
  ...['audio/webm', 'video/webm', 'audio/matroska', 'video/matroska', 'audio/x-matroska', 'video/x-matroska'].map(
    (type) => [type, 'webm'] as const,
  ),
]);

const TYPE_OF_EXTENSION: ReadonlyMap<string, string> = new Map([
  ['.mp3', 'audio/mpeg'],
  ['.mp2', 'audio/mpeg'],
  ['.aac', 'audio/aac'],
  ['.ogg', 'application/ogg'],
  ['.oga', 'audio/ogg'],
  ['.opus', 'audio/ogg'],
]);

/** What is said of bytes of unknown kind (RFC 2046 section 4.5.1). */
export const UNKNOWN_CONTENT_TYPE = 'application/octet-stream';

/** RFC 9110 section 8.3.1: two tokens. */
const MIME_TYPE = /^[!#$%&'*+.^_`|~0-9a-z-]{1,100}\/[!#$%&'*+.^_`|~0-9a-z-]{1,100}$/;

/** The MIME type in lower case and without parameters; undefined when none is given, it says nothing, or it is no MIME type. */
export function plainContentType(contentType: string | undefined): string | undefined {
  const type = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
  return MIME_TYPE.test(type) && type !== UNKNOWN_CONTENT_TYPE ? type : undefined;
}

/** Which framer a MIME type (as `plainContentType` gives it) asks for, or undefined. */
export function kindOfContentType(type: string): FramedKind | undefined {
  return KIND_OF_TYPE.get(type);
}

/** The MIME type under which listeners get Ogg that was sent as `type`; `audio/opus` and `audio/vorbis` are registered for RTP, not for files. */
export function oggContentType(type: string | undefined): string {
  return type === 'audio/ogg' || type === 'audio/opus' || type === 'audio/vorbis' ? 'audio/ogg' : 'application/ogg';
}

/** The MIME type under which WebM or Matroska sent as `type` is passed on where it is not cut into clusters. */
export function webmContentType(type: string | undefined): string {
  return type !== undefined && kindOfContentType(type) === 'webm' ? type : 'audio/webm';
}

/** The MIME type for a file's name, by its extension; undefined when distream has no framer for it. */
export function contentTypeOfFile(path: string): string | undefined {
  return TYPE_OF_EXTENSION.get(extname(path).toLowerCase());
}
