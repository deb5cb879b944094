import type { Logger } from '../../src/core/logger.ts';

/** Keeps what is logged, as `warn line to studio is down`. */
export class LinesLogger implements Logger {
  readonly lines: string[] = [];

  debug(message: string): void {
    this.lines.push(`debug ${message}`);
  }

  info(message: string): void {
    this.lines.push(`info ${message}`);
  }

  warn(message: string): void {
    this.lines.push(`warn ${message}`);
  }

  error(message: string): void {
    this.lines.push(`error ${message}`);
  }

  child(): Logger {
    return this;
  }
}
