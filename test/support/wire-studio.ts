import { WireStore } from '../../src/protocols/distreamer/wire-store.ts';
import { countingBytes } from './counting-pattern.ts';
import { FragmentSource, testFormat } from './frames.ts';

/** How a studio differs from the recorded one. */
export interface StudioOptions {
  readonly metadataInterval?: number;
  readonly firstNumber?: number;
  readonly maxFragments?: number;
  readonly fragmentBytes?: number;
}

/** A store as the recorded server's, with its source: fragments of 4,096 bytes, five kept. */
export class WireStudio {
  readonly store: WireStore;
  readonly #source = new FragmentSource(testFormat({ contentType: 'audio/mpeg' }));
  #produced = 0;

  constructor({ metadataInterval = 0, firstNumber = 1, maxFragments = 5, fragmentBytes = 4096 }: StudioOptions = {}) {
    const station = { name: 'netlab pattern', bitrateKbps: 128, isPublic: false };
    this.store = new WireStore({
      metadataInterval,
      fragmentBytes,
      maxFragments,
      firstNumber,
      firstSourceGeneration: 1,
      station: () => station,
    });
  }

  /** Audio of a little more than one fragment, so many times. */
  play(times = 1, bytes = 4101, contentType = 'audio/mpeg'): void {
    for (let time = 0; time < times; time++) {
      const data = countingBytes(this.#produced, bytes);
      const openingMetadata = { title: `block ${this.#produced}` };
      const format = contentType === 'audio/mpeg' ? this.#source.format : testFormat({ contentType });
      this.store.append({ ...this.#source.next(), data, format, openingMetadata });
      this.#produced += data.length;
    }
  }
}
