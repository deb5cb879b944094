import type { PcmFormat } from '../../media/wav/pcm-format.ts';
import type { EncodeSettings } from '../../modules/encode-options.ts';
import type { Encoder } from './encoder.ts';
import { openMp3Encoder } from './mp3-encoder.ts';
import { openOpusEncoder } from './opus-encoder.ts';

/** Loads the codec and opens an encoder. Rejects when its package is missing or refuses the settings. */
export function openEncoder(pcm: PcmFormat, settings: EncodeSettings, serial: number): Promise<Encoder> {
  return settings.codec === 'mp3' ? openMp3Encoder(pcm, settings) : openOpusEncoder(pcm, settings, serial);
}
