import { EXIT } from '../core/error-codes.ts';
import type { Logger } from '../core/logger.ts';
import type { CliIo } from './io.ts';

/** The exit code of a command that Ctrl-C cut short. */
export const EXIT_INTERRUPTED = 130;

/**
 * Resolves with the exit code when the program is told to stop. From then on a second Ctrl-C ends it at once.
 */
export function untilStopped(io: CliIo, log: Logger): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    io.onStop((signal) => {
      if (stopping) return io.exit(EXIT_INTERRUPTED);
      stopping = true;
      log.info(signal === 'SIGINT' ? 'stopping; Ctrl-C again ends at once' : 'stopping');
      resolve(EXIT.ok);
    });
  });
}
