import type { PcmFormat } from '../../media/wav/pcm-format.ts';
import type { EncodeSettings } from '../../modules/encode-options.ts';

/** What the encoding worker is started with. */
export interface EncoderSetup {
  readonly pcm: PcmFormat;
  readonly settings: EncodeSettings;
  /** Of an Ogg stream, 32 bits. */
  readonly serial: number;
}

/** To the worker; each but the first is answered, in order. `finish` is the last. */
export type ToEncoder = { readonly type: 'encode'; readonly samples: Uint8Array } | { readonly type: 'finish' };

/** From the worker: `ready` or `failed` once, then `encoded` for each request; `failed` ends it. */
export type FromEncoder =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'encoded'; readonly bytes: Uint8Array };
