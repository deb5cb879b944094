import { isIP } from 'node:net';
import type { LinkAddress, LinkCarrier } from './link.ts';

/** The port on which nodes listen for links when none is written. */
export const DEFAULT_LINK_PORT = 4090;

/** UDP and TLS listen on the same number; WebSockets are where web servers are. */
const DEFAULT_PORTS: Record<LinkCarrier, number> = { udp: DEFAULT_LINK_PORT, tls: DEFAULT_LINK_PORT, wss: 443, ws: 80 };
const ADDRESS =
  /^(?:(udp|tls|wss|ws):\/\/)?(\[[0-9a-f:.%a-z]{2,80}\]|[^/:@?#[\]\s]{1,253})(?::(\d{1,5}))?(\/[^\s?#]{0,255})?$/i;

/**
 * The addresses behind one text of the configuration: `host:port` is UDP and TLS, `udp://host:port`, `tls://host:port`,
 * `wss://host:port/path` and `ws://host:port/path` are that carrier alone. Undefined when it is none of these.
 */
export function parseLinkAddress(text: string): readonly LinkAddress[] | undefined {
  const [, scheme, bracketed = '', digits, path] = ADDRESS.exec(text) ?? [];
  const host = hostOf(bracketed);
  const carrier = scheme?.toLowerCase() as LinkCarrier | undefined;
  const port = digits === undefined ? DEFAULT_PORTS[carrier ?? 'udp'] : Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  if (path !== undefined && carrier !== 'wss' && carrier !== 'ws') return undefined;
  const carriers: readonly LinkCarrier[] = carrier ? [carrier] : ['udp', 'tls'];
  return carriers.map((each) => ({ carrier: each, host, port, path: path ?? '/' }));
}

function hostOf(text: string): string | undefined {
  if (!text.startsWith('[')) return text === '' ? undefined : text;
  const address = text.slice(1, -1);
  return isIP(address) === 6 ? address : undefined;
}
