/** The clocks behind a stream: `a=ts-refclk` and `a=mediaclk` (RFC 7273 4.8 and 5.4). */

/** What a sender's clock follows. */
export type ReferenceClock =
  /** `ptp=<version>:<clock id>[:<domain>]`, or without an id: `ptp=<version>:traceable`. */
  | { readonly kind: 'ptp'; readonly version: string; readonly clockId?: string; readonly domain?: string }
  /** `ntp=<host>[:<port>]`; without a server: `ntp=/traceable/`. */
  | { readonly kind: 'ntp'; readonly server?: string }
  /** Its own oscillator. */
  | { readonly kind: 'local' }
  /** Its own oscillator, named by a MAC address (SMPTE ST 2110-10 8.2). */
  | { readonly kind: 'localmac'; readonly mac: string }
  /** `gps`, `gal`, `glonass`, `private` and what else there may be, as it was written. */
  | { readonly kind: 'other'; readonly text: string };

/** How timestamps follow from the reference clock. */
export type MediaClock =
  /** Timestamp = offset + time since the clock's epoch times the rate. */
  | { readonly kind: 'direct'; readonly offset?: number; readonly rate?: string }
  /** Only the sender knows. */
  | { readonly kind: 'sender' }
  | { readonly kind: 'other'; readonly text: string };

const PTP = /^([A-Za-z0-9.-]{1,32}):([0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){7})(?::([^\s:]{1,32}))?$/;
const PTP_TRACEABLE = /^([A-Za-z0-9.-]{1,32}):traceable$/;
const NTP_SERVER = /^[A-Za-z0-9._:[\]-]{1,262}$/;

/** Reads the value of `a=ts-refclk`; undefined when it is of a known kind and malformed. */
export function parseReferenceClock(value: string): ReferenceClock | undefined {
  const { head, tail } = cut(value, '=');
  if (head === 'ptp') return parsePtp(tail);
  if (head === 'ntp') {
    if (tail === '/traceable/') return { kind: 'ntp' };
    return NTP_SERVER.test(tail) ? { kind: 'ntp', server: tail } : undefined;
  }
  if (head === 'localmac') {
    return /^[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2}){5}$/.test(tail) ? { kind: 'localmac', mac: tail } : undefined;
  }
  if (value === 'local') return { kind: 'local' };
  return value === '' ? undefined : { kind: 'other', text: value };
}

function parsePtp(text: string): ReferenceClock | undefined {
  const traceable = PTP_TRACEABLE.exec(text);
  if (traceable) return { kind: 'ptp', version: traceable[1]! };
  const match = PTP.exec(text);
  if (!match) return undefined;
  const [, version, clockId, domain] = match;
  return {
    kind: 'ptp',
    version: version!,
    clockId: clockId!.toUpperCase(),
    ...(domain === undefined ? {} : { domain }),
  };
}

/** The value of `a=ts-refclk`. */
export function referenceClockText(clock: ReferenceClock): string {
  switch (clock.kind) {
    case 'ptp': {
      const domain = clock.domain === undefined ? '' : `:${clock.domain}`;
      return `ptp=${clock.version}:${clock.clockId === undefined ? 'traceable' : clock.clockId + domain}`;
    }
    case 'ntp':
      return `ntp=${clock.server ?? '/traceable/'}`;
    case 'local':
      return 'local';
    case 'localmac':
      return `localmac=${clock.mac}`;
    case 'other':
      return clock.text;
  }
}

/** Reads the value of `a=mediaclk`; undefined when it is malformed. A clock id in front is passed over. */
export function parseMediaClock(value: string): MediaClock | undefined {
  const words = value.split(/\s+/).filter((word) => !word.startsWith('id='));
  const { head, tail } = cut(words[0] ?? '', '=');
  if (head === 'sender') return { kind: 'sender' };
  if (head !== 'direct') return head === '' ? undefined : { kind: 'other', text: value };
  if (tail !== '' && !/^\d{1,15}$/.test(tail)) return undefined;
  const rate = words.find((word) => word.startsWith('rate='))?.slice(5);
  return {
    kind: 'direct',
    ...(tail === '' ? {} : { offset: Number(tail) }),
    ...(rate === undefined ? {} : { rate }),
  };
}

function cut(text: string, separator: string): { head: string; tail: string } {
  const at = text.indexOf(separator);
  return at < 0 ? { head: text, tail: '' } : { head: text.slice(0, at), tail: text.slice(at + 1) };
}
