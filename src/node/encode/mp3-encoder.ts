import { toFloats } from '../../media/pcm/to-floats.ts';
import type { PcmFormat } from '../../media/wav/pcm-format.ts';
import type { EncodeSettings } from '../../modules/encode-options.ts';
import { chosenChannels, type Encoder } from './encoder.ts';

/** The sample rates of MPEG-1, 2 and 2.5. */
const MP3_RATES = new Set([8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]);

/** What is used of the package `wasm-media-encoders`. */
interface LameModule {
  createMp3Encoder(): Promise<{
    configure(params: { sampleRate: number; channels: number; bitrate: number; outputSampleRate?: number }): void;
    encode(channels: readonly Float32Array[]): Uint8Array;
    finalize(): Uint8Array;
  }>;
}

/** LAME, compiled to WebAssembly. Rejects when the package is missing. */
export async function openMp3Encoder(pcm: PcmFormat, settings: EncodeSettings): Promise<Encoder> {
  const name: string = 'wasm-media-encoders';
  const { createMp3Encoder } = (await import(name)) as LameModule;
  const lame = await createMp3Encoder();
  const channels = chosenChannels(pcm, settings);
  const { sampleRate } = pcm;
  const rate = MP3_RATES.has(sampleRate) ? {} : { outputSampleRate: sampleRate % 11_025 === 0 ? 44_100 : 48_000 };
  lame.configure({ sampleRate, channels: channels.length, bitrate: settings.bitrate, ...rate });
  return {
    // The bytes are the encoder's own until they are copied.
    encode: (samples) => Buffer.from(lame.encode(toFloats(samples, pcm, channels))),
    finish: () => Buffer.from(lame.finalize()),
  };
}
