import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { keptText } from '../../core/kept-file.ts';
import type { CertificatePair } from '../../net/certificate-files.ts';
import {
  derBitString,
  derOid,
  derSequence,
  derSetOf,
  derTagged,
  derTime,
  derUnsigned,
  derUtf8,
} from '../../net/link/carriers/der.ts';
import { rawPublicKey } from '../../protocols/swarm/manifest.ts';

const DAY_MS = 86_400_000;
const VALID_MS = 3653 * DAY_MS;
/** RFC 8410, section 3. */
const ED25519 = '1.3.101.112';
const COMMON_NAME = '2.5.4.3';
/** Head of an Ed25519 key in a PrivateKeyInfo (RFC 8410, section 7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key of a server: it signs manifests, and a certificate is made of it, so that an address pins both. */
export interface ServerIdentity {
  readonly privateKey: KeyObject;
  /** 32 bytes, as in `#key=`. */
  readonly publicKey: Buffer;
  /** Self-signed. */
  readonly certificate: CertificatePair;
}

/** An identity of a private key, or of a new one. Throws RangeError for a key that is not Ed25519. */
export function serverIdentity(nowUtcMs: number, privateKey?: KeyObject): ServerIdentity {
  const key = privateKey ?? generateKeyPairSync('ed25519').privateKey;
  const publicKey = rawPublicKey(createPublicKey(key));
  if (!publicKey) throw new RangeError('the key is not an Ed25519 key');
  return { privateKey: key, publicKey, certificate: certify(key, nowUtcMs) };
}

/** The identity that belongs to a secret: the same at each start. */
export function identityOfSecret(secret: string, nowUtcMs: number): ServerIdentity {
  const seed = createHash('sha256').update(`distream swarm key\0${secret}`).digest();
  return serverIdentity(
    nowUtcMs,
    createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' }),
  );
}

/** The identity kept in a PEM file, which is made when there is none. Rejects with FILE_UNREADABLE or FILE_UNWRITABLE. */
export async function keptIdentity(path: string, nowUtcMs: number): Promise<ServerIdentity> {
  const pem = await keptText(path, newPrivateKey);
  try {
    return serverIdentity(nowUtcMs, createPrivateKey(pem));
  } catch (error) {
    throw new DistreamError('FILE_UNREADABLE', { path, reason: reasonOf(error) }, { cause: error });
  }
}

function newPrivateKey(): string {
  return pemOf(generateKeyPairSync('ed25519').privateKey);
}

function pemOf(privateKey: KeyObject): string {
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

function certify(privateKey: KeyObject, nowUtcMs: number): CertificatePair {
  const algorithm = derSequence(derOid(ED25519));
  const name = derSequence(derSetOf(derSequence(derOid(COMMON_NAME), derUtf8('distream swarm'))));
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const startUtcMs = nowUtcMs - DAY_MS;
  const body = derSequence(
    derTagged(0, derUnsigned(Buffer.of(2))),
    derUnsigned(serial),
    algorithm,
    name,
    derSequence(derTime(startUtcMs), derTime(startUtcMs + VALID_MS)),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  );
  const certificate = derSequence(body, algorithm, derBitString(sign(null, body, privateKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: pemOf(privateKey),
  };
}
