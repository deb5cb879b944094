import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../core/clock.ts';

/** The most that a form may hold. */
const MAX_BODY_BYTES = 64 * 1024;
/** Within which a form must have come. */
const BODY_TIMEOUT_MS = 10_000;

/** Why a body was not read, as HTTP status. */
export type BodyRefusal = 408 | 413;

/**
 * The body of a request with one character per byte. A body that is too long or too slow is refused; what
 * still comes of it is not kept. Rejects when the client goes away.
 */
export function readBody(request: IncomingMessage, clock: Clock): Promise<string | BodyRefusal> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const finish = (outcome: string | BodyRefusal) => {
      timer.cancel();
      request.pause();
      resolve(outcome);
    };
    const timer = clock.after(BODY_TIMEOUT_MS, () => finish(408));
    request.on('data', (part: Buffer) => {
      length += part.length;
      if (length > MAX_BODY_BYTES) finish(413);
      else parts.push(part);
    });
    request.on('end', () => finish(Buffer.concat(parts).toString('latin1')));
    request.on('close', () => {
      timer.cancel();
      reject(new Error('the client went away'));
    });
    request.on('error', reject);
  });
}
