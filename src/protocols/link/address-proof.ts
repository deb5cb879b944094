/**
 * How a datagram's sender proves its address before the responder keeps anything of it: the first hello is answered
 * with a cookie, a MAC over the address and the hello; the same hello with the cookie shows that the answer arrived.
 * All of this is computed from a secret and the time; nothing is remembered.
 * @module
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ProtocolViolation } from '../../core/errors.ts';
import { COOKIE_BYTES, decodeHello, encodeRetry, type Hello, prologueOf } from './handshake-messages.ts';

/** A cookie holds in the window in which it was made and in the next. */
export const COOKIE_WINDOW_MS = 120_000;

/** Where a datagram came from. */
export interface DatagramSource {
  /** IP address as the socket tells it. */
  readonly address: string;
  readonly port: number;
}

/** What cookies are made of. */
export interface CookieContext {
  /** At least 32 random bytes, of this process alone. */
  readonly secret: Uint8Array;
  /** Milliseconds of a clock that does not go back. */
  readonly nowMs: number;
}

/** What to do with a first message. */
export type HelloVerdict =
  /** Nothing is answered. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The address is not proven: send `answer`, which is smaller than the message was, and forget it. */
  | { readonly kind: 'retry'; readonly answer: Buffer }
  /** The sender receives at its address. Who it is, the handshake tells. */
  | { readonly kind: 'proven'; readonly hello: Hello };

/** Judges a datagram that belongs to no session. Pure: the same arguments give the same verdict. Never throws. */
export function judgeHello(datagram: Buffer, source: DatagramSource, context: CookieContext): HelloVerdict {
  let hello: Hello;
  try {
    hello = decodeHello(datagram);
  } catch (error) {
    if (error instanceof ProtocolViolation) return { kind: 'refused', reason: error.message };
    throw error;
  }
  const window = Math.floor(context.nowMs / COOKIE_WINDOW_MS);
  const digest = createHash('sha256').update(prologueOf(hello)).update(hello.noise).digest();
  const cookies = [window, window - 1].map((each) => cookieOf(context.secret, each, source, digest));
  if (cookies.some((cookie) => timingSafeEqual(cookie, hello.cookie))) return { kind: 'proven', hello };
  return { kind: 'retry', answer: encodeRetry({ connectionId: hello.connectionId, cookie: cookies[0]! }) };
}

function cookieOf(secret: Uint8Array, window: number, source: DatagramSource, digest: Buffer): Buffer {
  const windowSecret = createHmac('sha256', secret).update(`distream link cookie ${window}`).digest();
  const mac = createHmac('sha256', windowSecret).update(`${source.address} ${source.port} `).update(digest).digest();
  return mac.subarray(0, COOKIE_BYTES);
}
