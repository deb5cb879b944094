import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';

const CHANGE_CHECK_MS = 10_000;
const READABLE_BY_OTHERS = 0o004;

/** PEM files. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** PEM texts. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** Files that are read again when they change. */
export interface CertificateWatchOptions {
  readonly files: CertificateFiles;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes the files' new content. When it throws, the certificate before stays in use, and the log says so. */
  readonly onChange: (pair: CertificatePair) => void;
}

/** What the files hold at first; `close` ends the watching. */
export interface CertificateWatch {
  readonly pair: CertificatePair;
  close(): void;
}

/** Reads a certificate and its key, now and whenever the files change. Throws TLS_UNUSABLE when they cannot be used now. */
export function watchCertificate({ files, clock, log, onChange }: CertificateWatchOptions): CertificateWatch {
  let fingerprint = fingerprintOf(files);
  const pair = readCertificate(files);
  if (isReadableByOthers(files.key)) {
    log.warn(`Every user of this machine can read the key file ${files.key}; take that right away (chmod 600)`);
  }
  const timer = clock.every(CHANGE_CHECK_MS, () => {
    const found = fingerprintOf(files);
    if (found === fingerprint) return;
    fingerprint = found;
    try {
      onChange(readCertificate(files));
      log.info(`The certificate ${files.certificate} was changed; new connections use it`);
    } catch (error) {
      log.warn(`The changed certificate is not used, the one before stays: ${reasonOf(error)}`);
    }
  });
  return { pair, close: () => timer.cancel() };
}

/** The PEM texts, checked to fit each other. Throws TLS_UNUSABLE. */
function readCertificate(files: CertificateFiles): CertificatePair {
  const cert = readPem(files.certificate);
  const key = readPem(files.key);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new DistreamError('TLS_UNUSABLE', { file: files.certificate, reason: reasonOf(error) }, { cause: error });
  }
  return { cert, key };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    throw new DistreamError('TLS_UNUSABLE', { file, reason: reasonOf(error) }, { cause: error });
  }
}

/** Changes when one of the files is replaced or rewritten. */
function fingerprintOf(files: CertificateFiles): string {
  return [files.certificate, files.key]
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return stat ? `${stat.ino}:${stat.size}:${stat.mtimeMs}` : 'missing';
    })
    .join(' ');
}

function isReadableByOthers(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return process.platform !== 'win32' && stat !== undefined && (stat.mode & READABLE_BY_OTHERS) !== 0;
}
