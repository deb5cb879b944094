import { ProtocolViolation } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { AttributeReader, parseConnection, portOf, type Report } from './attributes.ts';
import type {
  MediaDescription,
  SdpAttributes,
  SdpConnection,
  SdpLine,
  SdpOrigin,
  SdpProblem,
  SessionDescription,
} from './session.ts';

/** A larger description is refused. */
export const MAX_SDP_BYTES = 64 * 1024;
const MAX_MEDIA = 100;
const MAX_PROBLEMS = 200;
const MAX_NAME = 256;

/**
 * Reads a description as tolerantly as it can be understood: any line ends, indented lines, lines in any order but
 * `m=` before what belongs to it, everything optional but `m=`. What cannot be read is told in `problems` and left out.
 * Time is linear in the length.
 * @throws ProtocolViolation when it is larger than 64 KiB, or has no `m=` or more than 100 of them
 */
export function parseSdp(text: string): SessionDescription {
  if (text.length > MAX_SDP_BYTES) throw new ProtocolViolation('the description is larger than 64 KiB');
  const problems: SdpProblem[] = [];
  const report: Report = (problem) => {
    if (problems.length < MAX_PROBLEMS) problems.push(problem);
  };
  const lines = splitLines(text, report);
  const starts = lines.flatMap((line, index) => (line.type === 'm' ? [index] : []));
  if (starts.length === 0) throw new ProtocolViolation('the description has no media (m=)');
  if (starts.length > MAX_MEDIA) throw new ProtocolViolation('the description has more than 100 media');
  const session = readSession(lines.slice(0, starts[0]), report);
  const media = starts.flatMap((start, index) => {
    const section = readMedia(lines.slice(start, starts[index + 1]), session, report);
    return section ? [section] : [];
  });
  return { ...session, media, lines, problems };
}

function splitLines(text: string, report: Report): SdpLine[] {
  const lines: SdpLine[] = [];
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || line === '\0') continue;
    const number = index + 1;
    if (line[1] === '=') lines.push({ number, type: line[0]!, value: line.slice(2).trim() });
    else report({ line: number, severity: 'warning', text: 'this is no line of the form "x=value"; it is not used' });
  }
  return lines;
}

type SessionPart = Omit<SessionDescription, 'media' | 'lines' | 'problems'>;

function readSession(lines: readonly SdpLine[], report: Report): SessionPart {
  const reader = new AttributeReader(report);
  let origin: SdpOrigin | undefined;
  let connection: SdpConnection | undefined;
  let information: string | undefined;
  let name = '';
  for (const line of lines) {
    if (line.type === 'o') origin ??= parseOrigin(line, report);
    else if (line.type === 's') name ||= cleanText(line.value, MAX_NAME);
    else if (line.type === 'i') information ??= cleanText(line.value, MAX_NAME);
    else if (line.type === 'c') connection ??= parseConnection(line, report);
    else if (line.type === 'a') reader.read(line);
  }
  return {
    name,
    groups: reader.groups,
    attributes: reader.attributes(),
    ...(origin ? { origin } : {}),
    ...(information === undefined ? {} : { information }),
    ...(connection ? { connection } : {}),
  };
}

function parseOrigin({ value, number: line }: SdpLine, report: Report): SdpOrigin | undefined {
  const [username = '', sessionId = '', sessionVersion = '', , , address = ''] = value.split(/\s+/);
  if (!/^\d{1,30}$/.test(sessionId) || !/^\d{1,30}$/.test(sessionVersion)) {
    const text = 'o= is not "<user> <id> <version> IN IP4 <address>" with numbers for id and version';
    report({ line, severity: 'warning', text });
    return undefined;
  }
  return { username: cleanText(username, 64), sessionId, sessionVersion, address: cleanText(address, 253) };
}

function readMedia(
  lines: readonly SdpLine[],
  session: { connection?: SdpConnection; attributes: SdpAttributes },
  report: Report,
): MediaDescription | undefined {
  const start = parseMediaLine(lines[0]!, report);
  if (!start) return undefined;
  const reader = new AttributeReader(report);
  let connection: SdpConnection | undefined;
  let title: string | undefined;
  for (const line of lines.slice(1)) {
    if (line.type === 'i') title ??= cleanText(line.value, MAX_NAME);
    else if (line.type === 'c') connection ??= parseConnection(line, report);
    else if (line.type === 'a') reader.read(line);
  }
  const place = connection ?? session.connection;
  return {
    ...reader.attributes(session.attributes),
    ...start,
    rtpMaps: reader.rtpMaps,
    isRtcpMux: reader.isRtcpMux,
    ...(title === undefined ? {} : { title }),
    ...(place ? { connection: place } : {}),
    ...(reader.mid === undefined ? {} : { mid: reader.mid }),
    ...(reader.rtcpPort === undefined ? {} : { rtcpPort: reader.rtcpPort }),
    ...(reader.redundancy === undefined ? {} : { redundancy: reader.redundancy }),
  };
}

type MediaStart = Pick<MediaDescription, 'line' | 'kind' | 'port' | 'protocol' | 'payloadTypes'>;

function parseMediaLine({ value, number: line }: SdpLine, report: Report): MediaStart | undefined {
  const [kind = '', portText = '', protocol = '', ...formats] = value.split(/\s+/);
  const port = portText === '0' ? 0 : portOf(portText.split('/', 1)[0]!);
  if (port === undefined || protocol === '') {
    report({
      line,
      severity: 'error',
      text: 'm= is not "audio <port> RTP/AVP <payload type>"; this medium is not used',
    });
    return undefined;
  }
  const payloadTypes = formats
    .slice(0, 128)
    .filter((format) => /^\d{1,3}$/.test(format) && Number(format) <= 127)
    .map(Number);
  return { line, kind: cleanText(kind, 32), port, protocol: cleanText(protocol, 32), payloadTypes };
}
