import { encodeSettingsOf } from '../../modules/encode-options.ts';
import type { StreamView } from '../../modules/output.ts';
import { EncodedStream, type EncodedStreamOptions } from './encoded-stream.ts';

/** The encoded forms of one stream: one for each way in which outputs want it, which those outputs share. */
export class EncodedViews {
  readonly #deps: Pick<EncodedStreamOptions, 'clock' | 'log' | 'random'>;
  readonly #views = new Map<string, EncodedStream>();

  constructor(deps: Pick<EncodedStreamOptions, 'clock' | 'log' | 'random'>) {
    this.#deps = deps;
  }

  /** What an output with these options sees of `source`: the stream itself, or encoded. */
  viewFor(source: StreamView, options: Record<string, unknown>): StreamView {
    const settings = encodeSettingsOf(options);
    if (!settings) return source;
    const key = JSON.stringify(settings);
    const view = this.#views.get(key) ?? new EncodedStream({ ...this.#deps, source, settings });
    this.#views.set(key, view);
    return view;
  }

  /** Ends all encoders. */
  close(): void {
    for (const view of this.#views.values()) view.close();
  }
}
