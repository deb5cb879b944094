import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { CertificatePair } from '../../src/net/certificate-files.ts';
import {
  derBitString,
  derOid,
  derSequence,
  derSetOf,
  derTagged,
  derTime,
  derUnsigned,
  derUtf8,
} from '../../src/net/link/carriers/der.ts';

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = derSequence(derOid('1.2.840.10045.4.3.2'));
const COMMON_NAME = '2.5.4.3';
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
  readonly #name: Buffer;

  constructor(name = 'test authority') {
    const nowUtcMs = Date.now();
    this.#name = commonName(name);
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    const isAuthority = extension(BASIC_CONSTRAINTS, derSequence(Buffer.of(0x01, 0x01, 0xff)));
    this.certificate = this.#signed(publicKey, this.#name, nowUtcMs - DAY_MS, nowUtcMs + DAY_MS, isAuthority);
  }

  /** A certificate and its key; by default ECDSA P-256, valid from yesterday to tomorrow. */
  issue({ names, kind = 'ec', fromUtcMs, untilUtcMs }: IssueOptions): CertificatePair {
    const { publicKey, privateKey } = keysOf(kind);
    const nowUtcMs = Date.now();
    const alternatives = extension(SUBJECT_ALT_NAME, derSequence(...names.map(generalName)));
    return {
      cert: this.#signed(
        publicKey,
        commonName('a server'),
        fromUtcMs ?? nowUtcMs - DAY_MS,
        untilUtcMs ?? nowUtcMs + DAY_MS,
        alternatives,
      ),
      key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    };
  }

  #signed(key: KeyObject, subject: Buffer, fromUtcMs: number, untilUtcMs: number, extensions: Buffer): string {
    const body = derSequence(
      derTagged(0, derUnsigned(Buffer.of(2))),
      derUnsigned(Buffer.concat([Buffer.of(0x40), randomBytes(8)])),
      ECDSA_WITH_SHA256,
      this.#name,
      derSequence(derTime(fromUtcMs), derTime(untilUtcMs)),
      subject,
      key.export({ type: 'spki', format: 'der' }),
      derTagged(3, derSequence(extensions)),
    );
    const der = derSequence(body, ECDSA_WITH_SHA256, derBitString(sign('sha256', body, this.#key)));
    const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
    return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  }
}

function keysOf(kind: 'ec' | 'rsa' | 'ed25519'): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (kind === 'ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function commonName(text: string): Buffer {
  return derSequence(derSetOf(derSequence(derOid(COMMON_NAME), derUtf8(text))));
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
