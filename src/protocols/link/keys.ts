/**
 * Keys as text, for the configuration and the command line: a prefix that tells the kind, then base64url of 32 bytes
 * and a checksum of 4, so that a slip of the keyboard is told as one: `dspub_...` public key, `dskey_...` private key,
 * `dsshared_...` a key that both sides share.
 * @module
 */
import { createHash, randomBytes } from 'node:crypto';
import { KEY_BYTES, keyPairFrom } from '../noise/x25519.ts';

/** What a key is. */
export type KeyKind = 'public' | 'private' | 'shared';

/** A key that was read, or why it was not: a phrase without the text itself, which may be a secret. */
export type ParsedKey =
  | { readonly kind: KeyKind; readonly raw: Buffer }
  | { readonly kind: 'invalid'; readonly reason: string };

const PREFIXES: Record<KeyKind, string> = { public: 'dspub_', private: 'dskey_', shared: 'dsshared_' };
const NAMES: Record<KeyKind, string> = { public: 'a public key', private: 'a private key', shared: 'a shared key' };
const KINDS = Object.keys(PREFIXES) as KeyKind[];
const CHECKSUM_BYTES = 4;
/** 36 bytes are 48 characters, with none left over. */
const BODY_CHARACTERS = 48;
const BODY = /^[A-Za-z0-9_-]*$/;

/** A key as text. Throws RangeError unless `raw` has 32 bytes. */
export function formatKey(kind: KeyKind, raw: Uint8Array): string {
  if (raw.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes, not ${raw.length}`);
  return PREFIXES[kind] + Buffer.concat([raw, checksumOf(kind, raw)]).toString('base64url');
}

/** Reads a key of the wanted kind; spaces around it are no matter. */
export function parseKey(text: string, wanted: KeyKind): ParsedKey {
  const trimmed = text.trim();
  const kind = KINDS.find((each) => trimmed.startsWith(PREFIXES[each]));
  if (!kind) return invalid(`${NAMES[wanted]} begins with ${PREFIXES[wanted]}`);
  if (kind !== wanted) return invalid(`this is ${NAMES[kind]}; ${NAMES[wanted]} (${PREFIXES[wanted]}...) belongs here`);
  const body = trimmed.slice(PREFIXES[kind].length);
  if (!BODY.test(body)) return invalid('there are characters in the key that no key has');
  if (body.length !== BODY_CHARACTERS) {
    const characters = `${body.length} characters after ${PREFIXES[kind]}, not ${BODY_CHARACTERS}`;
    return invalid(`the key is ${body.length < BODY_CHARACTERS ? 'cut off' : 'too long'}: ${characters}`);
  }
  const bytes = Buffer.from(body, 'base64url');
  const raw = bytes.subarray(0, KEY_BYTES);
  if (!checksumOf(kind, raw).equals(bytes.subarray(KEY_BYTES))) {
    return invalid('the key has a typing error: its checksum does not fit');
  }
  return { kind, raw };
}

/** A new private key, as text. */
export function generatePrivateKey(): string {
  return formatKey('private', randomBytes(KEY_BYTES));
}

/** A new shared key, as text: 256 random bits, so that it cannot be guessed from a recorded handshake. */
export function generateSharedKey(): string {
  return formatKey('shared', randomBytes(KEY_BYTES));
}

/** The public key of a private key, both as text; undefined when `privateKey` is none (`parseKey` tells why). */
export function publicKeyOf(privateKey: string): string | undefined {
  const parsed = parseKey(privateKey, 'private');
  return parsed.kind === 'private' ? formatKey('public', keyPairFrom(parsed.raw).publicKey.raw) : undefined;
}

function checksumOf(kind: KeyKind, raw: Uint8Array): Buffer {
  return createHash('sha256').update(PREFIXES[kind]).update(raw).digest().subarray(0, CHECKSUM_BYTES);
}

function invalid(reason: string): ParsedKey {
  return { kind: 'invalid', reason };
}
