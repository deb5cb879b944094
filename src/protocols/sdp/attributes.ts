import { type MediaClock, parseMediaClock, parseReferenceClock, type ReferenceClock } from './clock-signalling.ts';
import { addressKind } from './ip-address.ts';
import { parseRedundancy, REDUNDANCY_ATTRIBUTE, type Redundancy } from './redundancy.ts';
import type { RtpMap, SdpAttributes, SdpConnection, SdpLine, SdpProblem, SourceFilter } from './session.ts';

/** What a rate and a count of channels can be; an L24 packet of 1440 bytes holds 480 channels at most. */
const MAX_CLOCK_RATE = 1_000_000;
const MAX_CHANNELS = 480;
const MAX_PTIME_MS = 10_000;
const DIRECTIONS = ['sendonly', 'recvonly', 'sendrecv', 'inactive'] as const;

/** Where a parser writes what it could not read. */
export type Report = (problem: SdpProblem) => void;

/** Attributes of one section, while its lines are read. */
export class AttributeReader {
  readonly refClocks: { clock: ReferenceClock; line: number }[] = [];
  readonly sourceFilters: SourceFilter[] = [];
  readonly rtpMaps: RtpMap[] = [];
  readonly groups: { semantics: string; mids: string[] }[] = [];
  isRtcpMux = false;
  mid: string | undefined;
  rtcpPort: number | undefined;
  redundancy: Redundancy | undefined;
  readonly #report: Report;
  readonly #single: {
    mediaClock?: MediaClock;
    ptimeMs?: number;
    maxPtimeMs?: number;
    frameCount?: number;
    direction?: (typeof DIRECTIONS)[number];
  } = {};

  constructor(report: Report) {
    this.#report = report;
  }

  /** What the section says of its media; `outer` is the session's, for what it leaves out. */
  attributes(outer?: SdpAttributes): SdpAttributes {
    return {
      ...(outer ?? {}),
      ...this.#single,
      refClocks: this.refClocks.length || !outer ? this.refClocks : outer.refClocks,
      sourceFilters: this.sourceFilters.length || !outer ? this.sourceFilters : outer.sourceFilters,
    };
  }

  /** Reads an `a=` line. Attributes that are not known are passed over. */
  read(line: SdpLine): void {
    const colon = line.value.indexOf(':');
    const name = (colon < 0 ? line.value : line.value.slice(0, colon)).trim();
    const value = colon < 0 ? '' : line.value.slice(colon + 1).trim();
    const problem = this.#readOne(name, value, line.number);
    if (problem) this.#report({ line: line.number, severity: 'warning', text: problem });
  }

  // Answers what is wrong with the value.
  #readOne(name: string, value: string, line: number): string | undefined {
    switch (name) {
      case 'rtpmap':
        return this.#readRtpMap(value, line);
      case 'ptime':
        return this.#readTime('ptimeMs', value);
      case 'maxptime':
        return this.#readTime('maxPtimeMs', value);
      case 'framecount':
        return this.#readFrameCount(value);
      case 'ts-refclk':
        return this.#readRefClock(value, line);
      case 'mediaclk':
        return this.#readMediaClock(value);
      case 'source-filter':
        return this.#readSourceFilter(value, line);
      case 'group':
        return this.#readGroup(value);
      case 'mid':
        this.mid ??= value.slice(0, 64);
        return undefined;
      case 'rtcp':
        return this.#readRtcpPort(value);
      case 'rtcp-mux':
        this.isRtcpMux = true;
        return undefined;
      case REDUNDANCY_ATTRIBUTE:
        this.redundancy ??= parseRedundancy(value);
        return this.redundancy ? undefined : `${REDUNDANCY_ATTRIBUTE} is not "<port> fec=<type> delay=<ms>"`;
      default:
        return this.#readDirection(name);
    }
  }

  #readDirection(name: string): undefined {
    const direction = DIRECTIONS.find((each) => each === name);
    if (direction) this.#single.direction ??= direction;
  }

  #readRtpMap(value: string, line: number): string | undefined {
    const match = /^(\d{1,3})\s+([A-Za-z0-9.+_-]{1,64})\/(\d{1,9})(?:\/(\d{1,9}))?$/.exec(value);
    if (!match) return 'rtpmap is not "<payload type> <encoding>/<rate>/<channels>"; this line is not used';
    const [payloadType, clockRate, channels] = [Number(match[1]), Number(match[3]), Number(match[4] ?? 1)];
    if (payloadType > 127) return `payload type ${payloadType} does not exist; this line is not used`;
    if (clockRate < 1 || clockRate > MAX_CLOCK_RATE)
      return `a rate of ${clockRate} Hz cannot be; this line is not used`;
    if (channels < 1 || channels > MAX_CHANNELS) return `${channels} channels cannot be; this line is not used`;
    this.rtpMaps.push({ payloadType, encoding: match[2]!.toUpperCase(), clockRate, channels, line });
    return undefined;
  }

  #readTime(key: 'ptimeMs' | 'maxPtimeMs', value: string): string | undefined {
    const time = /^\d{1,6}(\.\d{1,9})?$/.test(value) ? Number(value) : 0;
    if (time <= 0 || time > MAX_PTIME_MS) return `the packet time "${value.slice(0, 20)}" is no number of milliseconds`;
    this.#single[key] ??= time;
    return undefined;
  }

  // RAVENNA devices write "48", or a range such as "48-48".
  #readFrameCount(value: string): string | undefined {
    const match = /^(\d{1,5})(?:-\d{1,5})?$/.exec(value);
    if (!match || Number(match[1]) < 1) return 'framecount is no number of sample frames';
    this.#single.frameCount ??= Number(match[1]);
    return undefined;
  }

  #readRefClock(value: string, line: number): string | undefined {
    const clock = parseReferenceClock(value);
    if (clock) this.refClocks.push({ clock, line });
    if (clock) return undefined;
    return value === 'ptp=traceable'
      ? 'ts-refclk "ptp=traceable" lacks the version: it has to be "ptp=IEEE1588-2008:traceable" (RFC 7273 4.8)'
      : 'ts-refclk names no clock that can be read (RFC 7273 4.8)';
  }

  #readMediaClock(value: string): string | undefined {
    const clock = parseMediaClock(value);
    if (!clock) return 'mediaclk cannot be read: "direct=<offset>" or "sender" is expected (RFC 7273 5.4)';
    this.#single.mediaClock ??= clock;
    return undefined;
  }

  #readSourceFilter(value: string, line: number): string | undefined {
    const [mode, network, , , ...sources] = value.split(/\s+/);
    if ((mode !== 'incl' && mode !== 'excl') || network !== 'IN' || sources.length === 0) {
      return 'source-filter is not "incl IN IP4 <group> <source>" (RFC 4570 3)';
    }
    this.sourceFilters.push({ mode, sources: sources.slice(0, 16), line });
    return undefined;
  }

  #readGroup(value: string): string | undefined {
    const [semantics, ...mids] = value.split(/\s+/);
    if (semantics) this.groups.push({ semantics, mids: mids.slice(0, 128) });
    return undefined;
  }

  #readRtcpPort(value: string): string | undefined {
    const port = portOf(value.split(/\s+/, 1)[0]!);
    if (port === undefined) return 'rtcp names no port (RFC 3605)';
    this.rtcpPort ??= port;
    return undefined;
  }
}

/** A port of 1 to 65535; undefined when the text is none. */
export function portOf(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** Reads `c=IN IP4 239.1.2.3/32`; undefined, and a problem reported, when it names no address. */
export function parseConnection({ value, number: line }: SdpLine, report: Report): SdpConnection | undefined {
  const [network, family, target = ''] = value.trim().split(/\s+/);
  const [address = '', ...rest] = target.split('/');
  const complain = (text: string, severity: SdpProblem['severity'] = 'error') => report({ line, severity, text });
  if (addressKind(address) === 'invalid') {
    complain('c= names no address');
    return undefined;
  }
  if (network !== 'IN' || (family !== 'IP4' && family !== 'IP6')) complain('c= is not "IN IP4 <address>"', 'warning');
  const ttlText = address.includes(':') ? undefined : rest[0];
  const ttl = ttlText === undefined ? undefined : /^\d{1,3}$/.test(ttlText) ? Number(ttlText) : 256;
  if (ttl !== undefined && ttl > 255) complain(`a time to live of "${ttlText?.slice(0, 10)}" cannot be: 0 to 255`);
  return { address, line, ...(ttl === undefined || ttl > 255 ? {} : { ttl }) };
}
