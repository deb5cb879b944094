import { X509Certificate } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { DistreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import {
  type CertificateFiles,
  type CertificatePair,
  type CertificateWatch,
  watchCertificate,
} from '../../net/certificate/certificate-files.ts';
import { SERVER_ALGORITHMS } from './certificate-kinds.ts';

/** What a server proves itself with. */
export interface ServerCertificatesOptions {
  /** Of the server's own Ed25519 key, self-signed. */
  readonly own: CertificatePair;
  /** Of a certificate authority; undefined: there is none, and only who knows the key can connect. */
  readonly files: CertificateFiles | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** The files have changed: what new connections are to use. */
  readonly onChange: (context: SecureContextOptions) => void;
}

/**
 * The certificates of a server of the native dialect: its own, for peers that know its key, and beside it that of a
 * certificate authority, for those that only know its name. TLS shows each peer the one that it can check.
 */
export class ServerCertificates {
  readonly #own: CertificatePair;
  readonly #watch: CertificateWatch | undefined;

  /** Throws TLS_UNUSABLE. */
  constructor({ own, files, clock, log, onChange }: ServerCertificatesOptions) {
    this.#own = own;
    if (!files) return;
    const changed = (pair: CertificatePair) => onChange(this.#contextWith(checked(pair, files)));
    const watch = watchCertificate({ files, clock, log, onChange: changed });
    try {
      checked(watch.pair, files);
    } catch (error) {
      watch.close();
      throw error;
    }
    this.#watch = watch;
  }

  /** What connections use at first. */
  get context(): SecureContextOptions {
    return this.#watch ? this.#contextWith(this.#watch.pair) : { ...this.#own, minVersion: 'TLSv1.3' };
  }

  close(): void {
    this.#watch?.close();
  }

  #contextWith({ cert, key }: CertificatePair): SecureContextOptions {
    return {
      cert: [this.#own.cert, cert],
      key: [this.#own.key, key],
      sigalgs: SERVER_ALGORITHMS,
      // The order above counts, not that of the peer.
      honorCipherOrder: true,
      minVersion: 'TLSv1.3',
    };
  }
}

/** TLS has one place for each kind of key, and that of Ed25519 is the server's own. Throws TLS_UNUSABLE. */
function checked(pair: CertificatePair, { certificate }: CertificateFiles): CertificatePair {
  const kind = new X509Certificate(pair.cert).publicKey.asymmetricKeyType;
  if (kind === 'ec' || kind === 'rsa') return pair;
  throw new DistreamError('TLS_UNUSABLE', {
    file: certificate,
    reason: `its key is ${kind}; take an ECDSA or RSA key`,
  });
}
