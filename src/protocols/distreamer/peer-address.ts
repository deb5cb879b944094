/** Where a DiStreamer peer listens. */
export interface PeerAddress {
  readonly host: string;
  readonly port: number;
  /** `host:port`, for messages. */
  readonly display: string;
}

/** `http://` or nothing, a name, an IPv4 address or an IPv6 address in brackets, a port or nothing, `/` or nothing. */
const PEER = /^(?:http:\/\/)?(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?\/?$/;

/** Reads an address such as `http://host:port/`, `host:port` or `host`; undefined when it is none. */
export function parsePeerAddress(text: string, defaultPort: number): PeerAddress | undefined {
  const match = PEER.exec(text);
  if (!match) return undefined;
  const name = match[1]!;
  const port = match[2] === undefined ? defaultPort : Number(match[2]);
  if (port < 1 || port > 65_535) return undefined;
  return { host: name.replace(/^\[|\]$/g, ''), port, display: `${name}:${port}` };
}
