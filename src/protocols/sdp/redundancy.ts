/** Where a sender of ours puts what repairs a flow: see "Redundancy" in `../rtp/README.md`. */
export interface Redundancy {
  /** At the address of the flow. */
  readonly port: number;
  /** The payload type of parity packets (RFC 5109); packets with the flow's own are duplicates. */
  readonly fecPayloadType: number;
  /** How much later than its packet a duplicate or parity comes, at most. */
  readonly delayMs: number;
}

/** The name of the attribute. */
export const REDUNDANCY_ATTRIBUTE = 'x-distream-redundancy';

/** The attribute's value. */
export function redundancyText({ port, fecPayloadType, delayMs }: Redundancy): string {
  return `${port} fec=${fecPayloadType} delay=${delayMs}`;
}

/** Reads the attribute's value; undefined when it cannot be. What comes after it is passed over. */
export function parseRedundancy(value: string): Redundancy | undefined {
  const match = /^(\d{1,5}) fec=(\d{1,3}) delay=(\d{1,5})(?: |$)/.exec(value);
  if (!match) return undefined;
  const [port, fecPayloadType, delayMs] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (port < 1 || port > 65_535 || fecPayloadType > 127) return undefined;
  return { port, fecPayloadType, delayMs };
}
