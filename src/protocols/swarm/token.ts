/**
 * What a conductor lets two peers do, checkable without asking it. Each peer shares a secret with the conductor; a token
 * for a transfer is made with the giver's, the key of a line between two with the one's that is connected to.
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ByteWriter } from '../link/varint.ts';

/** Bytes of the secret that a peer shares with the conductor. */
export const SECRET_BYTES = 32;
/** Bytes of a token: HMAC-SHA-256, cut. */
export const TOKEN_BYTES = 16;

/** One transfer that the conductor ordered. Peers are numbers that it gave; 0 is the server. */
export interface Grant {
  readonly giver: number;
  readonly taker: number;
  readonly file: number;
  readonly chunk: number;
  /** Seconds of the conductor's clock after which it is void. */
  readonly expires: number;
}

/** The token of a transfer, made with the giver's secret. */
export function grantToken(secret: Buffer, { giver, taker, file, chunk, expires }: Grant): Buffer {
  return mac(secret, 'give', [giver, taker, file, chunk, expires]).subarray(0, TOKEN_BYTES);
}

/** True when the token is that of the transfer; in constant time. */
export function isGrantToken(token: Buffer, secret: Buffer, grant: Grant): boolean {
  return token.length === TOKEN_BYTES && timingSafeEqual(token, grantToken(secret, grant));
}

/** Who connects, and until when (seconds of the conductor's clock). */
export interface Meeting {
  readonly dialler: number;
  readonly expires: number;
}

/** The pre-shared key of a line, made with the secret of the peer that is connected to. */
export function meetingKey(secret: Buffer, { dialler, expires }: Meeting): Buffer {
  return mac(secret, 'meet', [dialler, expires]);
}

/** How a dialler names itself and its right (a PSK identity, RFC 4279). */
export function meetingIdentity({ dialler, expires }: Meeting): string {
  return `pdtp3 ${dialler} ${expires}`;
}

/** The meeting of an identity; undefined when it is none. */
export function parseMeetingIdentity(identity: string): Meeting | undefined {
  const match = /^pdtp3 (\d{1,10}) (\d{1,10})$/.exec(identity);
  return match ? { dialler: Number(match[1]), expires: Number(match[2]) } : undefined;
}

function mac(secret: Buffer, label: string, numbers: readonly number[]): Buffer {
  const writer = new ByteWriter(64);
  for (const number of numbers) writer.varint(number);
  return createHmac('sha256', secret).update(`distream swarm ${label}\0`).update(writer.finish()).digest();
}
