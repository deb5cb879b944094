import type { StreamConfig } from '../../config/node-config.ts';
import type { ConfigChanges } from '../steer/config-changes.ts';
import { Stream, type StreamDeps } from './stream.ts';

/** The streams of a node. */
export class StreamSet {
  readonly #deps: StreamDeps;
  #streams: readonly Stream[] = [];

  constructor(deps: StreamDeps) {
    this.#deps = deps;
  }

  /** In the order of the configuration. */
  get all(): readonly Stream[] {
    return this.#streams;
  }

  find(name: string): Stream | undefined {
    return this.#streams.find((stream) => stream.name === name);
  }

  /** Starts the first streams of the node. */
  start(configs: readonly StreamConfig[]): void {
    this.#streams = configs.map((config) => new Stream(config, this.#deps));
    for (const stream of this.#streams) stream.start();
  }

  /**
   * Ends what is gone or has changed, all of it before anything begins, since a mount or port may go from one stream to
   * another; then starts what is new. Streams that are kept are not touched.
   */
  async use(configs: readonly StreamConfig[], { started, stopped, restarted }: ConfigChanges): Promise<void> {
    const ending = new Set([...stopped, ...restarted]);
    await Promise.all(this.#streams.filter(({ name }) => ending.has(name)).map((stream) => stream.close()));
    const beginning = new Set([...started, ...restarted]);
    const fresh: Stream[] = [];
    this.#streams = configs.map((config) => {
      const kept = beginning.has(config.name) ? undefined : this.find(config.name);
      if (kept) return kept;
      const stream = new Stream(config, this.#deps);
      fresh.push(stream);
      return stream;
    });
    for (const stream of fresh) stream.start();
  }

  /** Ends all; resolves when all runs have ended. */
  async close(): Promise<void> {
    await Promise.all(this.#streams.map((stream) => stream.close()));
  }
}
