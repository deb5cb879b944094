import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { keptText } from '../../core/kept-file.ts';
import type { CertificatePair } from '../../net/certificate/certificate-files.ts';
import { createSelfSigned } from '../../net/certificate/self-signed.ts';
import { rawPublicKey } from '../../protocols/swarm/manifest.ts';

const COMMON_NAME = 'distream swarm';
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
  return { privateKey: key, publicKey, certificate: createSelfSigned(COMMON_NAME, nowUtcMs, key) };
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
  return String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
}
