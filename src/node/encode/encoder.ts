import type { PcmFormat } from '../../media/wav/pcm-format.ts';
import type { EncodeSettings } from '../../modules/encode-options.ts';

/** Encodes PCM of one format; runs in the encoding worker. */
export interface Encoder {
  /** Takes samples as a stream carries them (whole sample frames), and answers what is encoded; the bytes are the caller's. */
  encode(samples: Buffer): Buffer;
  /** The rest. The encoder is not used after it. */
  finish(): Buffer;
}

/** The channels that are encoded, from 0. */
export function chosenChannels({ channels }: PcmFormat, settings: EncodeSettings): number[] {
  return settings.channels?.map((channel) => channel - 1) ?? (channels === 1 ? [0] : [0, 1]);
}
