import type { Fragment, StreamFormat, TrackMetadata } from '../../src/core/fragment.ts';

/** A format for tests; `overrides` change single fields. */
export function testFormat(overrides: Partial<StreamFormat> = {}): StreamFormat {
  return {
    contentType: 'audio/mpeg',
    codec: 'mp3',
    sampleRate: 44_100,
    channels: 2,
    headers: Buffer.alloc(0),
    primeFrames: 3,
    latticeBytes: undefined,
    ...overrides,
  };
}

/** The bytes [start, end) of an endless counting pattern: no two places look alike. */
export function patternBytes(start: number, end: number): Buffer {
  const bytes = Buffer.alloc(end - start);
  for (let index = 0; index < bytes.length; index++) {
    const at = start + index;
    bytes[index] = at % 4 === 3 ? at >> 2 : Math.imul(at >> 2, 2654435761) >>> (8 * (at % 4));
  }
  return bytes;
}

/** Makes consecutive fragments of pattern bytes: 10 frames of 160 bytes and 50 ms each. */
export class FragmentSource {
  readonly format: StreamFormat;
  #sequence = 0;
  metadata: TrackMetadata | undefined;

  constructor(format: StreamFormat = testFormat()) {
    this.format = format;
  }

  next(overrides: Partial<Fragment> = {}): Fragment {
    const sequence = ++this.#sequence;
    return {
      generation: 1,
      sequence,
      data: patternBytes((sequence - 1) * 1600, sequence * 1600),
      format: this.format,
      startTimeUs: sequence * 500_000,
      durationUs: 500_000,
      mediaTimeUs: (sequence - 1) * 500_000,
      frameOffsets: this.format.codec === 'opaque' ? [] : Array.from({ length: 10 }, (_, index) => index * 160),
      metadata: [],
      openingMetadata: this.metadata,
      discontinuity: undefined,
      originEpoch: '00000000000000e1',
      originByte: (sequence - 1) * 1600,
      ...overrides,
    };
  }
}
