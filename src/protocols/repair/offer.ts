import { parseKey } from '../link/keys.ts';
import type { SessionDescription } from '../sdp/session.ts';

/** Where a sender serves what was lost. The host is the one that the packets come from. */
export interface RepairOffer {
  /** TCP. */
  readonly port: number;
  readonly session: string;
  /** The sender's public key as text (`dspub_...`); undefined: both sides have a shared key. */
  readonly key?: string;
}

const ATTRIBUTE = 'x-distream-repair';
const SHARED = 'shared';
const SESSION = /^[A-Za-z0-9@._-]{1,100}$/;

/** The value of the attribute: `a=x-distream-repair:PORT SESSION KEY`. */
export function repairOfferText({ port, session, key }: RepairOffer): string {
  return `${port} ${session} ${key ?? SHARED}`;
}

/** Puts the offer into a description that was written (RFC 8866: attributes of the session stand after its time). */
export function withRepairOffer(sdp: string, offer: RepairOffer): string {
  return sdp.replace(/^t=.*$/m, (time) => `${time}\r\na=${ATTRIBUTE}:${repairOfferText(offer)}`);
}

/** The offer in a description; undefined when there is none that can be used. */
export function repairOfferIn({ lines }: Pick<SessionDescription, 'lines'>): RepairOffer | undefined {
  const prefix = `${ATTRIBUTE}:`;
  const line = lines.find(({ type, value }) => type === 'a' && value.startsWith(prefix));
  if (!line) return undefined;
  const [portText = '', session = '', key = ''] = line.value.slice(prefix.length).trim().split(/\s+/);
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65_535 || !SESSION.test(session)) return undefined;
  if (key === SHARED) return { port, session };
  return parseKey(key, 'public').kind === 'public' ? { port, session, key } : undefined;
}
