/** What becomes of a request head: the status of the answer, or the connection is closed without one. */
export type HeadOutcome = number | 'closed';

/** A request head that somebody might send. */
export interface HostileHead {
  readonly id: string;
  /** One character per byte. */
  readonly bytes: string;
  readonly outcome: HeadOutcome;
}

const headers = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: y\r\n`).join('');
const get = (lines: string, line = 'GET / HTTP/1.1') => `${line}\r\n${lines}\r\n`;

/** Request heads with the outcome wanted. What is not served ends with an error status and the connection's end. */
export const HOSTILE_HEADS: readonly HostileHead[] = [
  { id: 'empty-line-first', bytes: `\r\n${get('Host: a\r\n')}`, outcome: 200 },
  { id: 'many-empty-lines', bytes: '\r\n'.repeat(40), outcome: 400 },
  { id: 'no-newline', bytes: 'A'.repeat(16_385), outcome: 431 },
  { id: 'one-long-header', bytes: get(`Host: a\r\nX: ${'y'.repeat(17_000)}\r\n`), outcome: 431 },
  { id: 'header-101', bytes: get(`Host: a\r\n${headers(100)}`), outcome: 431 },
  { id: 'header-bomb', bytes: get(`Host: a\r\n${headers(5000)}`), outcome: 431 },
  { id: 'target-8k', bytes: get('Host: a\r\n', `GET /${'a'.repeat(8192)} HTTP/1.1`), outcome: 400 },
  { id: 'method-long', bytes: get('Host: a\r\n', `${'G'.repeat(64)} / HTTP/1.1`), outcome: 400 },
  { id: 'trace', bytes: get('Host: a\r\n', 'TRACE / HTTP/1.1'), outcome: 405 },
  { id: 'connect', bytes: get('Host: a\r\n', 'CONNECT a:443 HTTP/1.1'), outcome: 405 },
  { id: 'delete', bytes: get('Host: a\r\n', 'DELETE / HTTP/1.1'), outcome: 405 },
  { id: 'unknown-method', bytes: get('Host: a\r\n', 'BREW / HTTP/1.1'), outcome: 400 },
  { id: 'lower-case-method', bytes: get('Host: a\r\n', 'get / HTTP/1.1'), outcome: 400 },
  { id: 'version-2', bytes: get('Host: a\r\n', 'GET / HTTP/2.0'), outcome: 505 },
  { id: 'http2-preface', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', outcome: 505 },
  { id: 'version-9', bytes: get('', 'GET /'), outcome: 400 },
  { id: 'version-junk', bytes: get('Host: a\r\n', 'GET / HTPT/1.1'), outcome: 400 },
  { id: 'two-spaces', bytes: get('Host: a\r\n', 'GET  / HTTP/1.1'), outcome: 400 },
  { id: 'tab-in-line', bytes: get('Host: a\r\n', 'GET\t/ HTTP/1.1'), outcome: 400 },
  { id: 'space-in-target', bytes: get('Host: a\r\n', 'GET /a b HTTP/1.1'), outcome: 400 },
  { id: 'byte-in-target', bytes: get('Host: a\r\n', 'GET /\xff HTTP/1.1'), outcome: 400 },
  { id: 'asterisk-get', bytes: get('Host: a\r\n', 'GET * HTTP/1.1'), outcome: 400 },
  { id: 'absolute-form', bytes: get('Host: a\r\n', 'GET http://a/status-json.xsl HTTP/1.1'), outcome: 200 },
  { id: 'absolute-form-login', bytes: get('Host: a\r\n', 'GET http://u:p@a/ HTTP/1.1'), outcome: 400 },
  { id: 'absolute-form-file', bytes: get('Host: a\r\n', 'GET file:///etc/passwd HTTP/1.1'), outcome: 400 },
  { id: 'absolute-form-other-port', bytes: get('Host: a\r\n', 'GET http://127.0.0.1:22/ HTTP/1.1'), outcome: 200 },
  { id: 'lf-only', bytes: 'GET /victim HTTP/1.0\nX: y\n\n', outcome: 200 },
  { id: 'cr-only', bytes: 'GET / HTTP/1.1\rHost: a\r\r', outcome: 400 },
  { id: 'cr-in-value', bytes: get('Host: a\rX: y\r\n'), outcome: 400 },
  { id: 'nul-in-value', bytes: get('Host: a\0\r\n'), outcome: 400 },
  { id: 'esc-in-value', bytes: get('Host: a\r\nUser-Agent: \x1b[2J\r\n'), outcome: 400 },
  { id: 'obs-fold', bytes: get('Host: a\r\nX: y\r\n z\r\n'), outcome: 400 },
  { id: 'leading-space-header', bytes: get(' Host: a\r\n'), outcome: 400 },
  { id: 'space-before-colon', bytes: get('Host : a\r\n'), outcome: 400 },
  { id: 'no-colon', bytes: get('Host: a\r\nnonsense\r\n'), outcome: 400 },
  { id: 'empty-name', bytes: get('Host: a\r\n: y\r\n'), outcome: 400 },
  { id: 'proto-header', bytes: get('Host: a\r\n__proto__: y\r\nconstructor: z\r\n'), outcome: 200 },
  { id: 'two-hosts', bytes: get('Host: a\r\nHost: b\r\n'), outcome: 400 },
  { id: 'host-script', bytes: get('Host: "><script>\r\n'), outcome: 200 },
  { id: 'host-no-url', bytes: get('Host: 1.2.3.999:70000\r\n', 'GET /status-json.xsl HTTP/1.1'), outcome: 200 },
  { id: 'host-missing-1.0', bytes: get('', 'GET /status-json.xsl HTTP/1.0'), outcome: 200 },
  { id: 'host-missing-1.1', bytes: get('', 'GET /status-json.xsl HTTP/1.1'), outcome: 400 },
  {
    id: 'cl-and-te',
    bytes: get('Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n', 'POST / HTTP/1.1'),
    outcome: 400,
  },
  {
    id: 'te-and-cl',
    bytes: get('Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n', 'POST / HTTP/1.1'),
    outcome: 400,
  },
  {
    id: 'two-lengths',
    bytes: get('Host: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n', 'POST / HTTP/1.1'),
    outcome: 400,
  },
  { id: 'length-list', bytes: get('Host: a\r\nContent-Length: 5, 5\r\n', 'POST / HTTP/1.1'), outcome: 400 },
  { id: 'length-plus', bytes: get('Host: a\r\nContent-Length: +5\r\n', 'POST / HTTP/1.1'), outcome: 400 },
  { id: 'length-negative', bytes: get('Host: a\r\nContent-Length: -5\r\n', 'POST / HTTP/1.1'), outcome: 400 },
  { id: 'length-hex', bytes: get('Host: a\r\nContent-Length: 0x5\r\n', 'POST / HTTP/1.1'), outcome: 400 },
  {
    id: 'length-2-64',
    bytes: get('Host: a\r\nContent-Length: 18446744073709551616\r\n', 'POST / HTTP/1.1'),
    outcome: 400,
  },
  { id: 'te-xchunked', bytes: get('Host: a\r\nTransfer-Encoding: xchunked\r\n', 'POST / HTTP/1.1'), outcome: 400 },
  {
    id: 'te-gzip-chunked',
    bytes: get('Host: a\r\nTransfer-Encoding: gzip, chunked\r\n', 'POST / HTTP/1.1'),
    outcome: 400,
  },
  { id: 'te-space-chunked', bytes: get('Host: a\r\nTransfer-Encoding : chunked\r\n', 'POST / HTTP/1.1'), outcome: 400 },
  {
    id: 'te-twice',
    bytes: get('Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', 'POST / HTTP/1.1'),
    outcome: 400,
  },
  { id: 'te-http-1.0', bytes: get('Transfer-Encoding: chunked\r\n', 'POST / HTTP/1.0'), outcome: 400 },
  {
    id: 'upgrade-h2c',
    bytes: get('Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'),
    outcome: 200,
  },
  {
    id: 'upgrade-websocket',
    bytes: get('Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n'),
    outcome: 200,
  },
  { id: 'expect-100', bytes: get('Host: a\r\nExpect: 100-continue\r\n'), outcome: 200 },
  { id: 'expect-nonsense', bytes: get('Host: a\r\nExpect: a-miracle\r\n'), outcome: 417 },
  { id: 'ssh', bytes: 'SSH-2.0-OpenSSH_9.6\r\n', outcome: 400 },
  { id: 'rtsp', bytes: 'OPTIONS rtsp://a/ RTSP/1.0\r\nCSeq: 1\r\n\r\n', outcome: 400 },
  { id: 'smb', bytes: '\0\0\0\x85\xffSMBr\0\0\0\0', outcome: 400 },
  { id: 'binary', bytes: String.fromCharCode(...Array.from({ length: 256 }, (_, index) => 255 - index)), outcome: 400 },
  { id: 'tls-hello', bytes: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', outcome: 'closed' },
  { id: 'proxy-protocol', bytes: 'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET / HTTP/1.1\r\n\r\n', outcome: 400 },
];
