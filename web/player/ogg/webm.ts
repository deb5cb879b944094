/**
 * Writes packets as live WebM (RFC 9559), which browsers take in parts.
 * @module
 */
import { concat } from './bytes.ts';
import type { PacketCodec } from './codec.ts';

/** Nanoseconds of a tick: finer than a sample, so that no decoder sees holes where there are none. */
const TICK_NS = 10_000;
const TICKS_PER_SECOND = 1e9 / TICK_NS;
/** Times inside a cluster are 16 bits with a sign. */
const CLUSTER_TICKS = 30_000;

const UNKNOWN_SIZE = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

type Bytes = readonly number[] | Uint8Array;

function numberBytes(value: number, length: number): number[] {
  return Array.from({ length }, (_, index) => Math.floor(value / 256 ** (length - 1 - index)) % 256);
}

function element(id: readonly number[], ...parts: readonly Bytes[]): number[] {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  return [...id, ...numberBytes(0x10000000 + size, 4), ...parts.flatMap((part) => [...part])];
}

const text = (value: string) => [...value].map((char) => char.charCodeAt(0));

function float(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return new Uint8Array(view.buffer);
}

/** What goes before the first packet: what is inside, no duration, no end. */
export function webmHead({ webmName, sampleRate, channels, head, preSkip }: PacketCodec): Uint8Array<ArrayBuffer> {
  const ebml = element(
    [0x1a, 0x45, 0xdf, 0xa3],
    element([0x42, 0x86], [1]),
    element([0x42, 0xf7], [1]),
    element([0x42, 0xf2], [4]),
    element([0x42, 0xf3], [8]),
    element([0x42, 0x82], text('webm')),
    element([0x42, 0x87], [4]),
    element([0x42, 0x85], [2]),
  );
  const name = text('distream');
  const info = element(
    [0x15, 0x49, 0xa9, 0x66],
    element([0x2a, 0xd7, 0xb1], numberBytes(TICK_NS, 3)),
    element([0x4d, 0x80], name),
    element([0x57, 0x41], name),
  );
  const delayNs = Math.round((preSkip * 1e9) / 48_000);
  const forOpus = [
    ...element([0x56, 0xaa], numberBytes(delayNs, 4)), // CodecDelay
    ...element([0x56, 0xbb], numberBytes(80_000_000, 4)), // SeekPreRoll
  ];
  const track = element(
    [0xae],
    element([0xd7], [1]),
    element([0x73, 0xc5], [1]),
    element([0x9c], [0]),
    element([0x83], [2]),
    element([0x86], text(webmName)),
    webmName === 'A_OPUS' ? forOpus : [],
    element([0x63, 0xa2], head),
    element([0xe1], element([0xb5], float(sampleRate)), element([0x9f], [channels])),
  );
  const tracks = element([0x16, 0x54, 0xae, 0x6b], track);
  return new Uint8Array([...ebml, 0x18, 0x53, 0x80, 0x67, ...UNKNOWN_SIZE, ...info, ...tracks]);
}

/** Gives packets their times, one after the other without a hole, and puts them into clusters. */
export class WebmClusters {
  readonly #sampleRate: number;
  #samples = 0;
  #clusterTick: number | undefined;

  /** @param startSeconds the time of the first packet */
  constructor(sampleRate: number, startSeconds = 0) {
    this.#sampleRate = sampleRate;
    this.#samples = Math.round(startSeconds * sampleRate);
  }

  /** Where the next packet begins. */
  get seconds(): number {
    return this.#samples / this.#sampleRate;
  }

  /** A packet that begins where the one before ended. */
  push(packet: Uint8Array<ArrayBuffer>, samples: number): Uint8Array<ArrayBuffer> {
    const tick = Math.round((this.#samples * TICKS_PER_SECOND) / this.#sampleRate);
    this.#samples += samples;
    const opening: number[] = [];
    if (this.#clusterTick === undefined || tick - this.#clusterTick > CLUSTER_TICKS) {
      this.#clusterTick = tick;
      opening.push(0x1f, 0x43, 0xb6, 0x75, ...UNKNOWN_SIZE, ...element([0xe7], numberBytes(tick, 6)));
    }
    const size = numberBytes(0x10000000 + 4 + packet.length, 4);
    const block = [0xa3, ...size, 0x81, ...numberBytes(tick - this.#clusterTick, 2), 0x80];
    return concat([opening, block, packet]);
  }
}
