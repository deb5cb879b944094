import type { CliIo } from '../../src/cli/io.ts';
import { systemClock } from '../../src/core/clock.ts';

type Signal = 'SIGINT' | 'SIGTERM';

/** A terminal in memory for tests of commands. */
export class FakeIo implements CliIo {
  readonly env: Record<string, string | undefined>;
  readonly clock = systemClock;
  outIsTerminal = false;
  errIsTerminal = false;
  /** What was written to standard output and standard error. */
  stdout = '';
  stderr = '';
  readonly exits: number[] = [];
  readonly #listeners = new Set<(signal: Signal) => void>();
  readonly #waiting: { text: string; resolve: () => void }[] = [];

  constructor(env: Record<string, string | undefined> = {}) {
    this.env = env;
  }

  out(text: string): void {
    this.stdout += text;
    this.#wake();
  }

  err(text: string): void {
    this.stderr += text;
    this.#wake();
  }

  size(): { columns: number; rows: number } {
    return { columns: 100, rows: 30 };
  }

  onStop(listener: (signal: Signal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  /** Sends a signal to the command. */
  stop(signal: Signal = 'SIGINT'): void {
    for (const listener of this.#listeners) listener(signal);
  }

  get isListening(): boolean {
    return this.#listeners.size > 0;
  }

  /** Resolves when `text` was written to either stream. */
  async written(text: string): Promise<void> {
    if ((this.stdout + this.stderr).includes(text)) return;
    await new Promise<void>((resolve) => this.#waiting.push({ text, resolve }));
  }

  #wake(): void {
    for (const { text, resolve } of this.#waiting) if ((this.stdout + this.stderr).includes(text)) resolve();
  }
}
