/** What linear PCM is made of. A *sample frame* is one sample of every channel at one instant. */
export interface PcmFormat {
  /** Sample frames in a second. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Bits that a sample takes in memory and files: two, three or four whole bytes. */
  readonly bitsPerSample: 16 | 24 | 32;
  /** IEEE 754 of 32 bits, not an integer in two's complement. */
  readonly isFloat: boolean;
}

/** Bytes of one sample frame. */
export function frameBytesOf({ channels, bitsPerSample }: PcmFormat): number {
  return channels * (bitsPerSample >> 3);
}

/** For people, e.g. `48000 Hz, 2 channels, 24 bit`. */
export function describePcm({ sampleRate, channels, bitsPerSample, isFloat }: PcmFormat): string {
  return `${sampleRate} Hz, ${channels} ${channels === 1 ? 'channel' : 'channels'}, ${bitsPerSample} bit${isFloat ? ' float' : ''}`;
}
