import { type KeyObject, randomBytes, sign } from 'node:crypto';
import { derBitString, derOid, derSequence, derSetOf, derTagged, derTime, derUnsigned, derUtf8 } from './der.ts';

const SERIAL_BYTES = 16;
const COMMON_NAME = '2.5.4.3';
const VERSION_3 = Buffer.of(2);
const EXTENSIONS = 3;
/** ECDSA with SHA-256 (RFC 5758, section 3.2), and Ed25519, which hashes by itself (RFC 8410, section 3). */
const ALGORITHMS: Readonly<Record<string, { readonly oid: string; readonly digest: string | null }>> = {
  ec: { oid: '1.2.840.10045.4.3.2', digest: 'sha256' },
  ed25519: { oid: '1.3.101.112', digest: null },
};

/** What a certificate says, and who says it. */
export interface CertificateOptions {
  /** Common names. */
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  /** The issuer's private key: ECDSA P-256 or Ed25519. */
  readonly issuerKey: KeyObject;
  readonly fromUtcMs: number;
  readonly untilUtcMs: number;
  /** In DER. */
  readonly extensions?: readonly Buffer[];
}

/** Makes a certificate (RFC 5280, section 4.1), PEM. Throws RangeError for an issuer's key of another kind. */
export function signCertificate(options: CertificateOptions): string {
  const { subject, issuer, publicKey, issuerKey, fromUtcMs, untilUtcMs, extensions = [] } = options;
  const known = ALGORITHMS[issuerKey.asymmetricKeyType ?? ''];
  if (!known)
    throw new RangeError(`a certificate cannot be signed with a key of the kind ${issuerKey.asymmetricKeyType}`);
  const algorithm = derSequence(derOid(known.oid));
  const body = derSequence(
    derTagged(0, derUnsigned(VERSION_3)),
    derUnsigned(serial()),
    algorithm,
    nameOf(issuer),
    derSequence(derTime(fromUtcMs), derTime(untilUtcMs)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length > 0 ? [derTagged(EXTENSIONS, derSequence(...extensions))] : []),
  );
  return pem(derSequence(body, algorithm, derBitString(sign(known.digest, body, issuerKey))));
}

/** Random, positive and not 0 (RFC 5280, section 4.1.2.2). */
function serial(): Buffer {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

function nameOf(commonName: string): Buffer {
  return derSequence(derSetOf(derSequence(derOid(COMMON_NAME), derUtf8(commonName))));
}

/** RFC 7468, section 2. */
function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
