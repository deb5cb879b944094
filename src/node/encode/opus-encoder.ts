import { VERSION } from '../../core/version.ts';
import { granuleSamples, OPUS_PRE_SKIP, OpusPages } from '../../media/ogg/opus-pages.ts';
import { Resampler } from '../../media/pcm/resampler.ts';
import { toFloats, toInt16 } from '../../media/pcm/to-floats.ts';
import type { PcmFormat } from '../../media/wav/pcm-format.ts';
import type { EncodeSettings } from '../../modules/encode-options.ts';
import { chosenChannels, type Encoder } from './encoder.ts';

const OPUS_RATES = new Set([8000, 12_000, 16_000, 24_000, 48_000]);
const BEST_RATE = 48_000;
const PACKETS_PER_SECOND = 50;
/** A page each 100 ms. */
const PACKETS_PER_PAGE = 5;

/** What is used of the package `@evan/opus`. */
interface OpusModule {
  readonly Encoder: new (options: {
    channels: number;
    sample_rate: number;
    application: 'audio';
  }) => { bitrate: number; encode(samples: ArrayBufferView): Uint8Array };
}

/** libopus, compiled to WebAssembly, in Ogg. Rejects when the package is missing. */
export async function openOpusEncoder(pcm: PcmFormat, settings: EncodeSettings, serial: number): Promise<Encoder> {
  // The package has machine code of some systems, too; WebAssembly is the same everywhere and cannot harm the process.
  process.env.OPUS_FORCE_WASM = '1';
  const name: string = '@evan/opus';
  const { Encoder: LibOpus } = (await import(name)) as OpusModule;
  const channels = chosenChannels(pcm, settings);
  const sampleRate = OPUS_RATES.has(pcm.sampleRate) ? pcm.sampleRate : BEST_RATE;
  const opus = new LibOpus({ channels: channels.length, sample_rate: sampleRate, application: 'audio' });
  opus.bitrate = settings.bitrate * 1000;
  return new OpusStream({ pcm, channels, sampleRate, serial, encode: (samples) => opus.encode(samples) });
}

interface OpusStreamParts {
  readonly pcm: PcmFormat;
  readonly channels: readonly number[];
  /** Of the encoder. */
  readonly sampleRate: number;
  readonly serial: number;
  encode(samples: Int16Array): Uint8Array;
}

/** Cuts samples into packets of 20 ms and puts those into pages. */
class OpusStream implements Encoder {
  readonly #parts: OpusStreamParts;
  readonly #pages: OpusPages;
  readonly #resamplers: readonly Resampler[] | undefined;
  readonly #packetFrames: number;
  #waiting: Int16Array;
  #filled = 0;
  #hasBegun = false;

  constructor(parts: OpusStreamParts) {
    this.#parts = parts;
    const { pcm, channels, sampleRate, serial } = parts;
    this.#pages = new OpusPages({
      channels: channels.length,
      inputSampleRate: pcm.sampleRate,
      vendor: `distream ${VERSION}`,
      serial,
      packetsPerPage: PACKETS_PER_PAGE,
    });
    this.#resamplers =
      sampleRate === pcm.sampleRate ? undefined : channels.map(() => new Resampler(pcm.sampleRate, sampleRate));
    this.#packetFrames = sampleRate / PACKETS_PER_SECOND;
    this.#waiting = new Int16Array(this.#packetFrames * channels.length);
  }

  encode(samples: Buffer): Buffer {
    const { pcm, channels } = this.#parts;
    const floats = toFloats(samples, pcm, channels);
    return this.#take(this.#resamplers?.map((resampler, index) => resampler.push(floats[index]!)) ?? floats);
  }

  finish(): Buffer {
    const { channels, sampleRate } = this.#parts;
    const rest = this.#resamplers ? this.#take(this.#resamplers.map((resampler) => resampler.finish())) : NOTHING;
    // What the encoder looked ahead is still in it.
    const lookAhead = Math.ceil((OPUS_PRE_SKIP * sampleRate) / BEST_RATE);
    const heard = this.#filled / channels.length + lookAhead;
    const padded = Math.ceil(heard / this.#packetFrames) * this.#packetFrames;
    const silence = new Float32Array(padded - this.#filled / channels.length);
    const last = this.#take(channels.map(() => silence));
    const end = this.#pages.finish(granuleSamples(padded - heard, sampleRate));
    return Buffer.concat([rest, last, end ?? NOTHING]);
  }

  #take(channels: readonly Float32Array[]): Buffer {
    const samples = toInt16(channels);
    const out: Buffer[] = this.#hasBegun ? [] : [this.#pages.headers];
    this.#hasBegun = true;
    for (let at = 0; at < samples.length; ) {
      const part = samples.subarray(at, at + this.#waiting.length - this.#filled);
      this.#waiting.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < this.#waiting.length) break;
      this.#filled = 0;
      const packet = this.#parts.encode(this.#waiting);
      const page = this.#pages.push(packet, granuleSamples(this.#packetFrames, this.#parts.sampleRate));
      if (page) out.push(page);
    }
    return Buffer.concat(out);
  }
}

const NOTHING = Buffer.alloc(0);
