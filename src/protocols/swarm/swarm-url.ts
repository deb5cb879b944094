/**
 * Addresses of the native dialect: `pdtps://host:port/path#key=...`, where the key is the server's Ed25519 public key,
 * 32 bytes as base64url. Without a key a certificate authority has to vouch for the server's name. A ticket, where the
 * publisher wants one, follows as `&ticket=...`, or stands alone after `#`.
 * @module
 */
import { urlHost } from '../../core/url-host.ts';
import { PUBLIC_KEY_BYTES } from './manifest.ts';

/** The port of the native dialect: one below that of PDTP, whose upper neighbour is the status page. */
export const DEFAULT_SWARM_PORT = 6085;

/** An address, taken apart. */
export interface SwarmUrl {
  /** Name or address, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Begins with `/`, percent-decoded once. */
  readonly path: string;
  /** The server's key; undefined: by the web's certificate authorities. */
  readonly key: Buffer | undefined;
  /** Undefined: none is shown. */
  readonly ticket?: Buffer;
}

const URL_FORM =
  /^pdtps:\/\/(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?(\/[^#]{1,4096})(?:#(?=[kt])(?:key=([A-Za-z0-9_-]{43}))?(?:(?:(?<=#)|&)ticket=([A-Za-z0-9_-]{1,342}))?)?$/i;
const CONTROLS = /[\u0000-\u001f\u007f]/;

/** Reads an address; undefined when it is none. A fragment that is no key makes it none: a pin is never left out silently. */
export function parseSwarmUrl(text: string): SwarmUrl | undefined {
  if (text.length > 8192 || CONTROLS.test(text)) return undefined;
  const match = URL_FORM.exec(text);
  if (!match) return undefined;
  const written = match[1]!;
  const port = match[2] === undefined ? DEFAULT_SWARM_PORT : Number(match[2]);
  const path = decoded(match[3]!);
  const key = match[4] === undefined ? undefined : Buffer.from(match[4], 'base64url');
  if (port < 1 || port > 65_535 || path === undefined || (key && key.length !== PUBLIC_KEY_BYTES)) return undefined;
  const host = written.startsWith('[') ? written.slice(1, -1) : written;
  return { host, port, path, key, ...(match[5] !== undefined && { ticket: Buffer.from(match[5], 'base64url') }) };
}

/** The address of a path on a server, with its key; without one where a certificate authority vouches for the name. */
export function formatSwarmUrl(host: string, port: number, path: string, key?: Buffer): string {
  const parts = path.split('/').map(encodeURIComponent).join('/');
  const pin = key ? `#key=${key.toString('base64url')}` : '';
  return `pdtps://${urlHost(host)}${port === DEFAULT_SWARM_PORT ? '' : `:${port}`}${parts}${pin}`;
}

/** An address as it is shown: without its ticket, with which everybody who reads it could join. */
export function shownSwarmUrl(text: string): string {
  return text.replace(/([#&]ticket=)[^&]+/i, '$1********');
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
