/**
 * Passwords as scrypt hashes (RFC 7914), written as `$scrypt$ln=15,r=8,p=1$SALT$HASH` with base64 without padding.
 * @module
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** 2^15 blocks of 1 KiB: 32 MiB and about a tenth of a second for each try. */
const LOG_COST = 15;
const BLOCK_SIZE = 8;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const HASHED = /^\$scrypt\$ln=(\d{1,2}),r=8,p=1\$([A-Za-z0-9+/]{16,64})\$([A-Za-z0-9+/]{43})$/;
/** Of a hash that somebody else made: more would let a file hold up the node. */
const MAX_LOG_COST = 17;
const MIN_LOG_COST = 14;

/** Cost of a hash. Tests take a lower one. */
export interface HashCost {
  /** Logarithm of the blocks, 14 to 17; default 15. */
  readonly logCost?: number;
}

/** The hash of a password, with a salt of its own. */
export async function hashPassword(password: string, { logCost = LOG_COST }: HashCost = {}): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, logCost);
  return `$scrypt$ln=${logCost},r=${BLOCK_SIZE},p=1$${plain(salt)}$${plain(hash)}`;
}

/** True for a text that `hashPassword` may have made. */
export function isPasswordHash(text: string): boolean {
  const logCost = Number(HASHED.exec(text)?.[1]);
  return logCost >= MIN_LOG_COST && logCost <= MAX_LOG_COST;
}

/** Whether the password is that of the hash; false for a text that is no hash. Runs off the main thread. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const match = HASHED.exec(hash);
  if (!match || !isPasswordHash(hash)) return false;
  const expected = Buffer.from(match[3]!, 'base64');
  const given = await derive(password, Buffer.from(match[2]!, 'base64'), Number(match[1]));
  return timingSafeEqual(given, expected);
}

function derive(password: string, salt: Buffer, logCost: number): Promise<Buffer> {
  const cost = 2 ** logCost;
  const options = { N: cost, r: BLOCK_SIZE, p: 1, maxmem: 2 * 128 * cost * BLOCK_SIZE };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, HASH_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

function plain(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
