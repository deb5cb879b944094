/**
 * A new configuration for a node that runs: shown first, then taken.
 * @module
 */
import type { NodeConfig } from '../../config/node-config.ts';
import { type ConfigChanges, changesInWords, configChanges } from './config-changes.ts';
import { unifiedDiff } from './unified-diff.ts';

/** A configuration as it was read. */
export interface ReadConfig {
  readonly config: NodeConfig;
  /** As it takes effect, secrets masked: for people. */
  readonly text: string;
  /** Every secret in it. */
  readonly secrets: readonly string[];
}

/** Where a node's configuration comes from. */
export interface ConfigurationSource {
  /** What the node was started with. */
  readonly text: string;
  /**
   * Reads it anew. Rejects with a DistreamError.
   * @param purpose for a `preview` nothing is written
   */
  read(purpose: 'preview' | 'use'): Promise<ReadConfig>;
  /** An error of `read` as the command line tells it. */
  describe(error: unknown): string;
}

/** What a reload would do. */
export interface ConfigPreview {
  /** Of the configurations as they take effect, secrets masked; empty when no line differs. */
  readonly diff: string;
  readonly changes: readonly string[];
}

/** Puts a configuration to work. */
export interface ConfigUser {
  current(): NodeConfig;
  /** Ends and starts streams; resolves when all that had to end has ended. */
  use(config: NodeConfig, changes: ConfigChanges, secrets: readonly string[]): Promise<void>;
}

/** Previews and reloads the configuration of a node; one reload at a time. */
export class ConfigSteering {
  readonly #source: ConfigurationSource;
  readonly #user: ConfigUser;
  #text: string;
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(source: ConfigurationSource, user: ConfigUser) {
    this.#source = source;
    this.#user = user;
    this.#text = source.text;
  }

  /** Rejects as `ConfigurationSource.read`. */
  async preview(): Promise<ConfigPreview> {
    const { config, text } = await this.#source.read('preview');
    const changes = changesInWords(configChanges(this.#user.current(), config));
    return { diff: unifiedDiff(this.#text, text, ['running', config.origin]), changes };
  }

  /** Takes the configuration as it is now. Rejects as `ConfigurationSource.read`; then nothing has changed. */
  reload(): Promise<ConfigChanges> {
    const reloading = this.#reloading.then(() => this.#reload());
    this.#reloading = reloading.catch(() => undefined);
    return reloading;
  }

  /** An error of `preview` or `reload` as the command line tells it. */
  describe(error: unknown): string {
    return this.#source.describe(error);
  }

  async #reload(): Promise<ConfigChanges> {
    const { config, text, secrets } = await this.#source.read('use');
    const changes = configChanges(this.#user.current(), config);
    await this.#user.use(config, changes, secrets);
    this.#text = text;
    return changes;
  }
}
