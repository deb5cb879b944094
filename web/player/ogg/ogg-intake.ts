/**
 * Opus and Vorbis in Ogg, as WebM: packets are the same in both, so nothing of the sound is changed. Reconnects are
 * found by packets: pages and headers of a stream that begins anew may differ.
 * @module
 */
import type { Intake } from '../intake.ts';
import { concat } from './bytes.ts';
import { codecOf, headerCount, type PacketCodec } from './codec.ts';
import { OggPackets } from './packets.ts';
import { WebmClusters, webmHead } from './webm.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Between the two sides, each packet has a byte for its kind and three for its size before it. */
const RECORD_HEAD = 4;
const AUDIO = 0;
const HEADER = 1;

/** Makes WebM of an Ogg stream over its connections. */
export class OggIntake implements Intake {
  readonly type: string;
  readonly isTimed = true;
  readonly hasPositions = false;
  readonly #packets = new OggPackets();
  #headers: Bytes[] = [];
  #wanted = 0;
  /** The headers that hold, without the comments. */
  #known = '';
  #newHeaders: Bytes[] = [];
  #codec: PacketCodec | undefined;
  #clusters: WebmClusters | undefined;

  constructor(codec: 'opus' | 'vorbis') {
    this.type = webmType(codec);
  }

  begin(): void {
    this.#packets.reset();
    this.#wanted = 0;
  }

  open(data: Bytes): Bytes {
    const records: Bytes[] = [];
    for (const { data: packet, isFirst } of this.#packets.push(data)) {
      if (isFirst) {
        this.#wanted = headerCount(packet);
        this.#headers = [];
      }
      if (this.#headers.length >= this.#wanted) {
        if (this.#wanted > 0 && packet.length > 0) records.push(record(AUDIO, packet));
        continue;
      }
      this.#headers.push(packet);
      if (this.#headers.length === this.#wanted) this.#tellHeaders(records);
    }
    return concat(records);
  }

  close(data: Bytes): Bytes {
    const parts: Bytes[] = [];
    for (let at = 0; at + RECORD_HEAD <= data.length; ) {
      const size = (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!;
      const packet = data.subarray(at + RECORD_HEAD, at + RECORD_HEAD + size);
      if (data[at] === AUDIO) parts.push(this.#audio(packet));
      else this.#newHeaders.push(packet);
      at += RECORD_HEAD + size;
    }
    return concat(parts);
  }

  /** Headers that hold already are not told again: what follows may go on where the sound was. */
  #tellHeaders(records: Bytes[]): void {
    const key = this.#headers.filter((_, index) => index !== 1).join();
    if (key === this.#known) return;
    this.#known = key;
    for (const header of this.#headers) records.push(record(HEADER, header));
  }

  #audio(packet: Bytes): Bytes {
    const parts: Bytes[] = [];
    if (this.#newHeaders.length > 0) {
      const codec = codecOf(this.#newHeaders);
      this.#newHeaders = [];
      if (!codec || webmType(codec.webmName === 'A_OPUS' ? 'opus' : 'vorbis') !== this.type) {
        throw new Error('the stream has another codec now');
      }
      this.#codec = codec;
      // Times go on over the headers of another run.
      this.#clusters = new WebmClusters(codec.sampleRate, this.#clusters?.seconds ?? 0);
      parts.push(webmHead(codec));
    }
    if (!this.#codec || !this.#clusters) return concat(parts);
    parts.push(this.#clusters.push(packet, this.#codec.samplesOf(packet)));
    return concat(parts);
  }
}

/** What the browser is asked whether it takes it. */
export function webmType(codec: 'opus' | 'vorbis'): string {
  return `audio/webm; codecs="${codec}"`;
}

function record(kind: number, packet: Bytes): Bytes {
  return concat([[kind, packet.length >> 16, (packet.length >> 8) & 255, packet.length & 255], packet]);
}
