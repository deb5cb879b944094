import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { CertificatePair } from '../../certificate-files.ts';
import { derBitString, derOid, derSequence, derSetOf, derTagged, derTime, derUnsigned, derUtf8 } from './der.ts';

const DAY_MS = 86_400_000;
const VALID_MS = 3653 * DAY_MS;
const SERIAL_BYTES = 16;
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const VERSION_3 = Buffer.of(2);

/**
 * Makes a key (ECDSA, P-256) and a certificate for it that nobody vouches for (RFC 5280, section 4.1), for
 * `commonName`: valid from the day before `nowUtcMs`, for peers whose clock is late, and for ten years.
 */
export function createSelfSigned(commonName: string, nowUtcMs: number): CertificatePair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = derSequence(derOid(ECDSA_WITH_SHA256));
  const name = derSequence(derSetOf(derSequence(derOid(COMMON_NAME), derUtf8(commonName))));
  const startUtcMs = nowUtcMs - DAY_MS;
  const body = derSequence(
    derTagged(0, derUnsigned(VERSION_3)),
    derUnsigned(serial()),
    algorithm,
    name,
    derSequence(derTime(startUtcMs), derTime(startUtcMs + VALID_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const certificate = derSequence(body, algorithm, derBitString(sign('sha256', body, privateKey)));
  return { cert: pem('CERTIFICATE', certificate), key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
}

/** Random, positive and not 0 (RFC 5280, section 4.1.2.2). */
function serial(): Buffer {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

/** RFC 7468, section 2. */
function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
