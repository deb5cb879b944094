import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { CertificatePair } from '../../src/net/certificate/certificate-files.ts';
import { derOid, derSequence } from '../../src/net/certificate/der.ts';
import { signCertificate } from '../../src/net/certificate/sign-certificate.ts';

const DAY_MS = 86_400_000;
const SUBJECT_ALT_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const OCTET_STRING = 0x04;
/** GeneralName, dNSName and iPAddress (RFC 5280, section 4.2.1.6). */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

/** What a certificate of the test's authority is to be. */
export interface IssueOptions {
  /** DNS names, and IPv4 addresses. */
  readonly names: readonly string[];
  readonly kind?: 'ec' | 'rsa' | 'ed25519';
  readonly fromUtcMs?: number;
  readonly untilUtcMs?: number;
}

/** A certificate authority (ECDSA, P-256) that lives as long as a test. */
export class CertificateAuthority {
  /** PEM. */
  readonly certificate: string;
  readonly #key: KeyObject;
  readonly #name: string;

  constructor(name = 'test authority') {
    this.#name = name;
    const { publicKey, privateKey } = keysOf('ec');
    this.#key = privateKey;
    const isAuthority = extension(BASIC_CONSTRAINTS, derSequence(Buffer.of(0x01, 0x01, 0xff)));
    this.certificate = this.#sign(name, publicKey, isAuthority);
  }

  /** A certificate and its key; by default ECDSA P-256, valid from yesterday to tomorrow. */
  issue({ names, kind = 'ec', ...times }: IssueOptions): CertificatePair {
    const { publicKey, privateKey } = keysOf(kind);
    const alternatives = extension(SUBJECT_ALT_NAME, derSequence(...names.map(generalName)));
    return {
      cert: this.#sign('a server', publicKey, alternatives, times),
      key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    };
  }

  #sign(
    subject: string,
    publicKey: KeyObject,
    extra: Buffer,
    { fromUtcMs = Date.now() - DAY_MS, untilUtcMs = Date.now() + DAY_MS }: Omit<IssueOptions, 'names' | 'kind'> = {},
  ): string {
    const signer = { issuer: this.#name, issuerKey: this.#key };
    return signCertificate({ ...signer, subject, publicKey, fromUtcMs, untilUtcMs, extensions: [extra] });
  }
}

function keysOf(kind: 'ec' | 'rsa' | 'ed25519'): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (kind === 'ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function extension(oid: string, value: Buffer): Buffer {
  return derSequence(derOid(oid), short(OCTET_STRING, value));
}

function generalName(name: string): Buffer {
  const isAddress = /^[\d.]+$/.test(name);
  return isAddress
    ? short(IP_ADDRESS, Buffer.from(name.split('.').map(Number)))
    : short(DNS_NAME, Buffer.from(name, 'latin1'));
}

/** An element of up to 127 bytes. */
function short(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag, content.length), content]);
}
