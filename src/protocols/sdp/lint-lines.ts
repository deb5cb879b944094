import { addressKind } from './ip-address.ts';
import type { SdpProblem, SessionDescription } from './session.ts';

/** The order of a session's lines before its media, and of a medium's (RFC 8866 9). */
const SESSION_ORDER = 'vosiuepcbtrzka';
const MEDIA_ORDER = 'micbka';
const REQUIRED = [
  ['v', 'the protocol version, v=0'],
  ['o', 'the origin, o='],
  ['s', 'a name, s='],
  ['t', 'the time, t=0 0'],
] as const;

/** What is wrong with the lines as lines: their order, their ends, what is missing (RFC 8866 5 and 9). */
export function lintLines(session: SessionDescription, text: string): SdpProblem[] {
  return [...lintRequired(session), ...lintOrder(session), ...lintEnds(text), ...lintOrigin(session)];
}

function lintRequired({ lines }: SessionDescription): SdpProblem[] {
  const problems: SdpProblem[] = [];
  for (const [type, what] of REQUIRED) {
    const severity = type === 't' ? 'warning' : 'error';
    if (!lines.some((line) => line.type === type)) problems.push({ line: 0, severity, text: `it lacks ${what}` });
  }
  const version = lines.find((line) => line.type === 'v');
  if (version && version.value !== '0') problems.push({ line: version.number, severity: 'error', text: 'v= is not 0' });
  return problems;
}

function lintOrder({ lines }: SessionDescription): SdpProblem[] {
  let order = SESSION_ORDER;
  let place = 0;
  for (const { type, number } of lines) {
    if (type === 'm') {
      order = MEDIA_ORDER;
      place = 0;
      continue;
    }
    const next = order.indexOf(type);
    if (next < 0) return [{ line: number, severity: 'warning', text: `a line ${type}= does not belong here` }];
    // Times and their repeats may alternate.
    if (next < place && !'tr'.includes(type)) {
      return [{ line: number, severity: 'warning', text: `${type}= has to come before ${order[place]}= (RFC 8866 9)` }];
    }
    place = next;
  }
  return [];
}

function lintEnds(text: string): SdpProblem[] {
  const problems: SdpProblem[] = [];
  const bare = text.split('\n').findIndex((line, index, all) => index < all.length - 1 && !line.endsWith('\r'));
  if (bare >= 0)
    problems.push({ line: bare + 1, severity: 'note', text: 'lines end with LF; strict receivers want CRLF' });
  if (!/[\r\n]\0?$/.test(text)) problems.push({ line: 0, severity: 'note', text: 'the last line has no end' });
  return problems;
}

function lintOrigin({ origin, lines }: SessionDescription): SdpProblem[] {
  if (!origin) return [];
  const line = lines.find(({ type }) => type === 'o')?.number ?? 0;
  const problems: SdpProblem[] = [];
  if (origin.sessionId === '0') {
    problems.push({ line, severity: 'note', text: 'session id 0: two sessions of this sender cannot be told apart' });
  }
  const kind = addressKind(origin.address);
  if (kind !== 'unicast' && kind !== 'name') {
    const text = `the origin "${origin.address}" is no address of a machine on the network`;
    problems.push({ line, severity: 'warning', text });
  }
  return problems;
}
