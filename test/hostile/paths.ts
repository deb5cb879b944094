/** A request target that somebody might ask for, and the status it gets. 400 and 404 have one body each. */
export interface HostilePath {
  readonly id: string;
  /** One character per byte. */
  readonly target: string;
  readonly outcome: 400 | 404;
}

/** Targets that lead nowhere. */
export const HOSTILE_PATHS: readonly HostilePath[] = [
  { id: 'dot-dot', target: '/../', outcome: 400 },
  { id: 'dot-dot-file', target: '/../../etc/passwd', outcome: 400 },
  { id: 'dot-dot-inside', target: '/victim/../victim', outcome: 400 },
  { id: 'encoded-dot-dot', target: '/%2e%2e/', outcome: 400 },
  { id: 'half-encoded', target: '/.%2e/%2e./x', outcome: 400 },
  { id: 'encoded-slash', target: '/..%2fetc%2fpasswd', outcome: 400 },
  { id: 'twice-encoded', target: '/%252e%252e/', outcome: 404 },
  { id: 'backslash', target: '/..\\x', outcome: 400 },
  { id: 'encoded-backslash', target: '/..%5cx', outcome: 400 },
  { id: 'nul', target: '/a%00.mp3', outcome: 400 },
  { id: 'newline', target: '/a%0d%0aSet-Cookie:%20x', outcome: 400 },
  { id: 'escape', target: '/%1b[2J', outcome: 400 },
  { id: 'c1', target: '/%c2%9b2J', outcome: 400 },
  { id: 'double-slash', target: '//x', outcome: 400 },
  { id: 'double-slash-host', target: '//evil.test/x', outcome: 400 },
  { id: 'single-dot', target: '/.', outcome: 400 },
  { id: 'dot-end', target: '/x.', outcome: 404 },
  { id: 'mount-dot-end', target: '/victim.', outcome: 404 },
  { id: 'dot-file', target: '/.env', outcome: 404 },
  { id: 'git', target: '/.git/config', outcome: 404 },
  { id: 'unc', target: '\\\\srv\\s', outcome: 400 },
  { id: 'drive', target: 'C:', outcome: 400 },
  { id: 'drive-slash', target: '/C:/x', outcome: 404 },
  { id: 'device', target: '/CON', outcome: 404 },
  { id: 'device-wav', target: '/AUX.wav', outcome: 404 },
  { id: 'overlong-utf8', target: '/%c0%ae%c0%ae/', outcome: 400 },
  { id: 'overlong-slash', target: '/%c0%af', outcome: 400 },
  { id: 'surrogate', target: '/%ed%a0%80', outcome: 400 },
  { id: 'latin1', target: '/%fc', outcome: 400 },
  { id: 'lone-percent', target: '/%', outcome: 400 },
  { id: 'percent-g', target: '/%gg', outcome: 400 },
  { id: 'iis-unicode', target: '/%u002e', outcome: 400 },
  { id: 'too-long', target: `/${'a'.repeat(8192)}`, outcome: 400 },
  { id: 'long', target: `/${'a'.repeat(2000)}`, outcome: 404 },
  { id: 'deep', target: `${'/a'.repeat(1000)}`, outcome: 404 },
  { id: 'proto', target: '/__proto__', outcome: 404 },
  { id: 'constructor', target: '/constructor.m3u', outcome: 404 },
  { id: 'xsl-source', target: '/status-json.xsl.', outcome: 404 },
  { id: 'script', target: '/%3Cscript%3Ealert(1)%3C/script%3E', outcome: 404 },
  { id: 'source-mount', target: '/victim-in', outcome: 404 },
  { id: 'case', target: '/VICTIM', outcome: 404 },
  { id: 'rtl', target: '/%e2%80%aex', outcome: 404 },
  { id: 'playlist-of-nothing', target: '/nothing.xspf', outcome: 404 },
  { id: 'no-slash', target: 'victim', outcome: 400 },
];
