/**
 * What sending, recording and proving tracks have in common. Positions are sample frames since the session's start, as
 * whole numbers that do not wrap.
 * @module
 */
import type { PcmFormat } from '../media/wav/pcm-format.ts';

export type { PcmFormat };

/** Linear PCM on the wire, big endian: 16 bit (RFC 3551 section 4.5.11) or 24 bit (RFC 3190 section 4). */
export type Encoding = 'L16' | 'L24';

/** Bytes of one sample on the wire. */
export function encodingBytes(encoding: Encoding): 2 | 3 {
  return encoding === 'L16' ? 2 : 3;
}

/** What is in a recording of that encoding. */
export function formatOfEncoding(encoding: Encoding, sampleRate: number, channels: number): PcmFormat {
  return { sampleRate, channels, bitsPerSample: encoding === 'L16' ? 16 : 24, isFloat: false };
}
