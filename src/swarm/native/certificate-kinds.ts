/**
 * Which certificate a server shows is said by the signature algorithms that a peer offers (RFC 8446, section 4.2.3): who
 * knows the server's Ed25519 key is shown the certificate of that key, and who does not is shown that of a certificate
 * authority, which has a key of another kind (the public ones sign no Ed25519 keys).
 * @module
 */

/** Of a peer whose address has the key. */
export const PINNED_ALGORITHMS = 'ed25519';

/** Of a peer that goes by certificate authorities; the last three are those of chains alone in TLS 1.3. */
export const AUTHORITY_ALGORITHMS = [
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp521r1_sha512',
  'rsa_pss_rsae_sha256',
  'rsa_pss_rsae_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha256',
  'rsa_pkcs1_sha384',
  'rsa_pkcs1_sha512',
].join(':');

/** Of a server: a peer that offers all is one that knows the key, since peers of before could do nothing else. */
export const SERVER_ALGORITHMS = `${PINNED_ALGORITHMS}:${AUTHORITY_ALGORITHMS}`;
