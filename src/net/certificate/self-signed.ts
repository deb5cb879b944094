import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { CertificatePair } from './certificate-files.ts';
import { signCertificate } from './sign-certificate.ts';

const DAY_MS = 86_400_000;
const VALID_MS = 3653 * DAY_MS;

/**
 * A certificate that nobody vouches for, for `commonName` and a private key, by default a new one (ECDSA, P-256): valid
 * from the day before `nowUtcMs`, for peers whose clock is late, and for ten years.
 */
export function createSelfSigned(commonName: string, nowUtcMs: number, privateKey = newKey()): CertificatePair {
  const fromUtcMs = nowUtcMs - DAY_MS;
  const cert = signCertificate({
    subject: commonName,
    issuer: commonName,
    publicKey: createPublicKey(privateKey),
    issuerKey: privateKey,
    fromUtcMs,
    untilUtcMs: fromUtcMs + VALID_MS,
  });
  return { cert, key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}
