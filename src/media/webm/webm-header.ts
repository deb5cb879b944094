/**
 * What a WebM or Matroska stream says before its first cluster (RFC 9559).
 * @module
 */
import { ebmlChildren, readEbmlFloat, readEbmlUint } from './ebml.ts';

/** Ids of elements (RFC 9559 section 5.1). */
export const ID = {
  ebml: 0x1a45dfa3,
  docType: 0x4282,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackType: 0x83,
  codecId: 0x86,
  audio: 0xe1,
  samplingFrequency: 0xb5,
  channels: 0x9f,
  tags: 0x1254c367,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
  blockGroup: 0xa0,
  block: 0xa1,
} as const;

const AUDIO_TRACK = 2;
const DEFAULT_TIMESTAMP_SCALE = 1_000_000;
/** A second for each step: beyond it no time is right. */
const MAX_TIMESTAMP_SCALE = 1_000_000_000;
const MAX_SAMPLE_RATE = 1_048_575;

const CODECS = { A_OPUS: 'opus', A_VORBIS: 'vorbis' } as const;

/** The one track of a stream. */
export interface WebmTrack {
  readonly codec: 'opus' | 'vorbis';
  readonly sampleRate: number;
  readonly channels: number;
}

/** The document type of an EBML header's content; undefined when it is none that distream knows. */
export function webmDocType(header: Buffer): 'webm' | 'matroska' | undefined {
  for (const { id, data } of ebmlChildren(header)) {
    const type = id === ID.docType ? data.toString('latin1').replace(/\0+$/, '') : undefined;
    if (type === 'webm' || type === 'matroska') return type;
  }
  return undefined;
}

/** Nanoseconds of a step of the times in clusters, by the content of `Info`. */
export function timestampScaleOf(info: Buffer | undefined): number {
  for (const { id, data } of info ? ebmlChildren(info) : []) {
    const scale = id === ID.timestampScale ? readEbmlUint(data) : 0;
    if (scale > 0 && scale <= MAX_TIMESTAMP_SCALE) return scale;
  }
  return DEFAULT_TIMESTAMP_SCALE;
}

/** The track of a stream that has one, of Opus or Vorbis, by the content of `Tracks`; else in words what it has. */
export function webmTrackOf(tracks: Buffer | undefined): WebmTrack | string {
  const entries = [...(tracks ? ebmlChildren(tracks) : [])].filter(({ id }) => id === ID.trackEntry);
  const [entry] = entries;
  if (!entry) return 'no track';
  if (entries.length > 1) return 'several tracks';
  const { type, codecId, audio } = readEntry(entry.data);
  if (type !== AUDIO_TRACK) return 'a track that is no audio';
  const codec = codecId === 'A_OPUS' || codecId === 'A_VORBIS' ? CODECS[codecId] : undefined;
  if (!codec) return 'a codec that distream does not know';
  const sampleRate = codec === 'opus' ? 48_000 : audio.sampleRate;
  if (!(sampleRate > 0 && sampleRate <= MAX_SAMPLE_RATE)) return 'a rate that makes no sense';
  return { codec, sampleRate, channels: audio.channels };
}

function readEntry(entry: Buffer) {
  const found = { type: 0, codecId: '', audio: { sampleRate: 8000, channels: 1 } };
  for (const { id, data } of ebmlChildren(entry)) {
    if (id === ID.trackType) found.type = readEbmlUint(data);
    if (id === ID.codecId) found.codecId = data.toString('latin1', 0, 32).replace(/\0+$/, '');
    if (id === ID.audio) found.audio = readAudio(data);
  }
  return found;
}

function readAudio(audio: Buffer) {
  const found = { sampleRate: 8000, channels: 1 };
  for (const { id, data } of ebmlChildren(audio)) {
    if (id === ID.samplingFrequency) found.sampleRate = Math.round(readEbmlFloat(data));
    if (id === ID.channels) found.channels = Math.min(255, Math.max(1, readEbmlUint(data)));
  }
  return found;
}
