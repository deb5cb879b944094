import type { ErrorCode } from '../core/error-codes.ts';
import { DistreamError, type ErrorDetails } from '../core/errors.ts';

/** Where in a configuration something is: keys and list positions from the top. */
export type ConfigPath = readonly (string | number)[];

/** A place in a file; line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** `streams.morning.outputs[0].mount`, or an empty string for the whole file. */
export function formatPath(path: ConfigPath): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index ? `.${key}` : key)).join('');
}

/** `distream.yaml:12:5: streams.morning.bufer`: file, line, column and key of a message. */
export function formatWhere(origin: string, position: Position | undefined, path: ConfigPath): string {
  const place = position ? `${origin}:${position.line}:${position.column}` : origin;
  return path.length ? `${place}: ${formatPath(path)}` : place;
}

/**
 * All that is wrong with a configuration, found in one pass. As an error it is
 * the first problem; `problems` has them all, in the order of the file.
 */
export class ConfigurationError extends DistreamError {
  readonly problems: readonly DistreamError[];

  /** @param problems at least one */
  constructor(problems: readonly DistreamError[]) {
    const first = problems[0]!;
    super(first.code, first.details);
    this.name = 'ConfigurationError';
    this.problems = problems;
  }
}

/** A person mends some and looks again. */
const MAX_PROBLEMS = 50;

/** Gathers problems while a configuration is read. */
export class ProblemList {
  #entries: { position: Position | undefined; error: DistreamError }[] = [];

  get count(): number {
    return this.#entries.length;
  }

  /** Adds a problem; `position` orders it. */
  add(code: ErrorCode, details: ErrorDetails, position?: Position): void {
    this.#entries.push({ position, error: new DistreamError(code, details) });
  }

  /** Throws ConfigurationError when there is any problem. */
  throwIfAny(): void {
    if (!this.#entries.length) return;
    const sorted = [...this.#entries].sort(
      (a, b) =>
        (a.position?.line ?? 0) - (b.position?.line ?? 0) || (a.position?.column ?? 0) - (b.position?.column ?? 0),
    );
    throw new ConfigurationError(sorted.slice(0, MAX_PROBLEMS).map((entry) => entry.error));
  }
}
