/**
 * What a pulled server answers, as a state machine without I/O.
 * @module
 */
import type { TrackMetadata } from '../../core/fragment.ts';
import { trackMetadata } from '../../core/track-metadata.ts';
import { ChunkedDecoder } from '../../protocols/http/chunked.ts';
import { headerText } from '../../protocols/http/header-text.ts';
import { type ResponseHead, ResponseHeadReader } from '../../protocols/http/response-head-reader.ts';
import { IcyDeinterleaver } from '../../protocols/icy/deinterleaver.ts';
import { decodeMetadataBlock } from '../../protocols/icy/metadata-block.ts';
import { parseMetaint } from '../../protocols/icy/metaint.ts';
import { stationFromHeaders } from '../../protocols/icy/station-headers.ts';
import { isPlaylist, MAX_PLAYLIST_BYTES, parsePlaylist } from '../../protocols/playlist/playlist.ts';
import { type Answer, classifyStatus, nonAudioReason } from './answer.ts';

/** Takes what is read, in order. */
export interface AnswerSink {
  answer(answer: Answer): void;
  /** Views on the bytes pushed. */
  audio(data: Buffer): void;
  /** The title that holds from the next byte of audio. */
  metadata(metadata: TrackMetadata): void;
  /** The server said that the stream is over. */
  ended(): void;
}

/** Options of a response reader. */
export interface ResponseReaderOptions {
  /** Path that was requested, without the query. */
  readonly path: string;
  /** Titles inside the audio are wanted; otherwise they are taken out and dropped. */
  readonly metadata: boolean;
  readonly sink: AnswerSink;
}

/**
 * Reads one answer. Holds at most a head, a playlist or a block of metadata. `Content-Length` of a stream is not
 * looked at: some servers make one up for players that want it.
 */
export class ResponseReader {
  readonly #options: ResponseReaderOptions;
  readonly #head = new ResponseHeadReader();
  /** Takes the next bytes off the wire. */
  #take: (chunk: Buffer) => void = (chunk) => this.#readHead(chunk);
  #playlist: Buffer[] | undefined;
  #playlistBytes = 0;
  #playlistLength = MAX_PLAYLIST_BYTES;
  #title = '';

  constructor(options: ResponseReaderOptions) {
    this.#options = options;
  }

  /** Takes the next bytes. Throws ProtocolViolation; not used after that. */
  push(chunk: Buffer): void {
    this.#take(chunk);
  }

  /** The connection ended: a playlist without a length is complete now. */
  end(): void {
    if (this.#playlist) this.#finishPlaylist();
  }

  #readHead(chunk: Buffer): void {
    const head = this.#head.push(chunk);
    if (!head) return;
    this.#take = () => {};
    const answer = classifyStatus(head) ?? this.#answerOf200(head);
    if (answer) this.#options.sink.answer(answer);
    if (head.rest.length > 0) this.#take(head.rest);
  }

  /** Undefined when the answer is a playlist, which must be read first. */
  #answerOf200(head: ResponseHead): Answer | undefined {
    const { headers } = head;
    const type = headers.get('content-type');
    const mimeType = (type ?? '').split(';', 1)[0]!.trim().toLowerCase();
    const encoding = headers.get('content-encoding')?.toLowerCase() ?? 'identity';
    if (encoding !== 'identity' && encoding !== '') {
      return { kind: 'no-stream', reason: 'it sends compressed data, which was not asked for' };
    }
    if (isPlaylist(mimeType, this.#options.path)) {
      this.#beginPlaylist(headers);
      return undefined;
    }
    if (mimeType === 'text/html' || mimeType === 'application/xhtml+xml') return { kind: 'page' };
    const reason = nonAudioReason(mimeType);
    if (reason) return { kind: 'no-stream', reason };
    this.#beginStream(headers);
    const agent = headerText(headers.get('server') ?? headers.get('icy-server'), 200);
    return { kind: 'stream', contentType: type, station: stationFromHeaders(headers), ...(agent ? { agent } : {}) };
  }

  #beginStream(headers: ResponseHead['headers']): void {
    const { sink, metadata } = this.#options;
    // a server may send titles that were not asked for; left in, they would be heard
    const icy = new IcyDeinterleaver(parseMetaint(headers.get('icy-metaint')), {
      audio: (data) => sink.audio(data),
      metadata: (text) => {
        if (metadata) this.#readTitle(text);
      },
    });
    this.#take = unchunked(
      headers,
      (data) => icy.push(data),
      () => sink.ended(),
    );
  }

  #readTitle(block: Buffer): void {
    const { title, url } = decodeMetadataBlock(block);
    if (title === undefined && url === undefined) return;
    this.#title = title ?? this.#title;
    this.#options.sink.metadata(trackMetadata({ song: this.#title, url }));
  }

  #beginPlaylist(headers: ResponseHead['headers']): void {
    const length = headers.get('content-length');
    if (length && /^\d{1,15}$/.test(length)) this.#playlistLength = Math.min(Number(length), MAX_PLAYLIST_BYTES);
    this.#playlist = [];
    this.#take = unchunked(
      headers,
      (data) => this.#readPlaylist(data),
      () => this.#finishPlaylist(),
    );
    if (this.#playlistLength === 0) this.#finishPlaylist();
  }

  #readPlaylist(data: Buffer): void {
    if (!this.#playlist) return;
    this.#playlist.push(data);
    this.#playlistBytes += data.length;
    if (this.#playlistBytes >= this.#playlistLength) this.#finishPlaylist();
  }

  #finishPlaylist(): void {
    const parts = this.#playlist;
    if (!parts) return;
    this.#playlist = undefined;
    this.#take = () => {};
    const bytes = Buffer.concat(parts).subarray(0, this.#playlistLength);
    this.#options.sink.answer({ kind: 'playlist', playlist: parsePlaylist(bytes) });
  }
}

/** Takes off the chunk framing where the head announces it; `ended` is called at its end. */
function unchunked(
  headers: ResponseHead['headers'],
  onData: (data: Buffer) => void,
  ended: () => void,
): (chunk: Buffer) => void {
  const codings = headers.get('transfer-encoding')?.toLowerCase() ?? '';
  if (!codings.split(',').some((coding) => coding.trim() === 'chunked')) return onData;
  const decoder = new ChunkedDecoder(onData);
  let over = false;
  return (chunk) => {
    if (over || !decoder.push(chunk)) return;
    over = true;
    ended();
  };
}
