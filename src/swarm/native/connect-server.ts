import { X509Certificate } from 'node:crypto';
import { connect, isIP } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { tlsReasonOf } from '../../net/dial.ts';
import { rawPublicKey } from '../../protocols/swarm/manifest.ts';
import { SWARM_ALPN } from '../../protocols/swarm/peer-messages.ts';
import type { SwarmUrl } from '../../protocols/swarm/swarm-url.ts';
import { AUTHORITY_ALGORITHMS, PINNED_ALGORITHMS } from './certificate-kinds.ts';
import type { SecuredConnection } from './control-channel.ts';
import { TlsStretch } from './tls-stretch.ts';

const CONNECT_MS = 10_000;
const MAX_NAMES_SHOWN = 3;
const NAME_LENGTH = 80;
const NAMES_CUT = 1000;

/** Which server, and until when. */
export interface ConnectServerOptions {
  readonly clock: Clock;
  readonly url: SwarmUrl;
  /** For errors. */
  readonly displayUrl: string;
  readonly signal: AbortSignal;
  /** Certificate authorities (PEM) that are trusted instead of the platform's. */
  readonly certificateAuthorities?: readonly string[];
}

/**
 * Connects with a server that proves the key of the address or, without a key there, its name by a certificate authority.
 * Rejects with UNREACHABLE, TIMED_OUT, UNPROVEN or the signal's reason. The connection is the caller's.
 */
export function connectServer(options: ConnectServerOptions): Promise<SecuredConnection> {
  const { url, displayUrl, clock, signal } = options;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host: url.host, port: url.port });
    const stretch = new TlsStretch(socket);
    const tls = connectTls({ ...proofOf(options), host: url.host, socket: stretch });
    const settle = (error: unknown) => {
      timer.cancel();
      signal.removeEventListener('abort', abort);
      // Something listens until the caller does: an error without a listener ends the process.
      for (const each of [socket, tls]) each.on('error', () => {}).off('error', refused);
      if (error === undefined) return resolve({ socket, stretch, tls });
      for (const each of [socket, tls]) each.destroy();
      reject(error);
    };
    const timer = clock.after(CONNECT_MS, () => {
      settle(new DistreamError('TIMED_OUT', { url: displayUrl, seconds: CONNECT_MS / 1000 }));
    });
    const abort = () => settle(signal.reason);
    const refused = (error: Error) => settle(failure(error, tls, options));
    signal.addEventListener('abort', abort);
    for (const each of [socket, tls]) each.on('error', refused);
    tls.once('secureConnect', () => {
      if (tls.alpnProtocol !== SWARM_ALPN) return settle(unreachable(displayUrl, OTHER_DIALECT));
      settle(url.key && !hasKey(tls, url.key) ? unproven(displayUrl, OTHER_KEY) : undefined);
    });
  });
}

const OTHER_DIALECT = 'it does not speak this dialect';
/** Who speaks no TLS drops what looks like none of its messages. */
const NO_TLS = 'it broke off before TLS was ready, as a port of pdtp:// does';
const OTHER_KEY = 'its key is not the one in the address';

function proofOf({ url, certificateAuthorities }: ConnectServerOptions) {
  const common = { ALPNProtocols: [SWARM_ALPN], minVersion: 'TLSv1.3' } as const;
  // With a pinned key the certificate's signer and name mean nothing: the key itself is compared. So no authorities
  // either: to read the platform's takes 35 ms of a core.
  if (url.key) return { ...common, sigalgs: PINNED_ALGORITHMS, rejectUnauthorized: false, ca: [] };
  return {
    ...common,
    sigalgs: AUTHORITY_ALGORITHMS,
    rejectUnauthorized: true,
    // An address has no server name (RFC 6066, section 3); the certificate is then checked against the address.
    ...(isIP(url.host) === 0 && { servername: url.host }),
    ...(certificateAuthorities && { ca: [...certificateAuthorities] }),
  };
}

function hasKey(tls: TLSSocket, key: Buffer): boolean {
  const { raw } = tls.getPeerCertificate();
  return rawPublicKey(new X509Certificate(raw).publicKey)?.equals(key) === true;
}

function unreachable(url: string, reason: string, cause?: Error): DistreamError {
  return new DistreamError('UNREACHABLE', { url, reason }, { cause });
}

function unproven(url: string, reason: string, cause?: Error): DistreamError {
  return new DistreamError('UNPROVEN', { url, reason }, { cause });
}

/** What OpenSSL says of a chain that ends at nobody known (X509_verify_cert). */
const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
]);

function failure(error: Error, tls: TLSSocket, { url, displayUrl }: ConnectServerOptions): DistreamError {
  const { key, host } = url;
  const code = String((error as { code?: unknown }).code);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return unproven(displayUrl, `its certificate is for ${namesOf(error)}, not for ${host}`, error);
  }
  if (code === 'CERT_HAS_EXPIRED') return unproven(displayUrl, 'its certificate has expired', error);
  if (code === 'CERT_NOT_YET_VALID') {
    return unproven(displayUrl, 'its certificate is not valid yet, or the clock of this machine is late', error);
  }
  if (UNKNOWN_AUTHORITY.has(code)) {
    return unproven(displayUrl, 'its certificate is of no authority that is trusted here', error);
  }
  if (tls.authorizationError) return unproven(displayUrl, `its certificate is refused: ${reasonOf(error)}`, error);
  // OpenSSL 3.0 and 3.5 name the alert of RFC 8446, section 6.2 differently.
  if (code.endsWith('_ALERT_HANDSHAKE_FAILURE')) {
    const lacking = key ? OTHER_KEY : 'it has no certificate of an authority, and the address has no #key=';
    return unproven(displayUrl, lacking, error);
  }
  if (code.endsWith('_ALERT_NO_APPLICATION_PROTOCOL')) return unreachable(displayUrl, OTHER_DIALECT, error);
  if (code === 'ECONNRESET') return unreachable(displayUrl, NO_TLS, error);
  return unreachable(displayUrl, tlsReasonOf(error) ?? reasonOf(error), error);
}

/** The names of a certificate that was refused, as far as they fit in a line. */
function namesOf(error: Error): string {
  const { cert } = error as { cert?: { subjectaltname?: string } };
  const text = cert?.subjectaltname?.slice(0, NAMES_CUT) ?? '';
  const names = text.split(', ').map((name) => cleanText(name.replace(/^(DNS|IP Address):/, ''), NAME_LENGTH));
  if (text === '') return 'no name';
  const shown = names.slice(0, MAX_NAMES_SHOWN).join(', ');
  return names.length > MAX_NAMES_SHOWN ? `${shown} and others` : shown;
}
