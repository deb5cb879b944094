/**
 * Asks a node over HTTP. Answers are bounded and never unpacked; nothing is followed.
 * @module
 */
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';

const TIMEOUT_MS = 5000;
/** Of a node's words beside an error status. */
const MAX_REASON_BYTES = 4096;

/** The administrator of a node. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** What is asked. */
export interface Question {
  readonly url: URL;
  readonly login: Login | undefined;
  readonly maxBytes: number;
}

/** An answer with an HTTP status other than 200. */
export class HttpStatusError extends Error {
  readonly status: number;
  /** What the node says of it, when that is plain text; raw. */
  readonly words: string;

  constructor(status: number, words: string) {
    super(`it answers with the HTTP status ${status}`);
    this.name = 'HttpStatusError';
    this.status = status;
    this.words = words;
  }
}

/** The body of the answer, as text. Rejects with HttpStatusError, or with what the connection says. */
export function ask({ url, login, maxBytes }: Question): Promise<string> {
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? httpsGet : httpGet;
    const basic = login && Buffer.from(`${login.user}:${login.password}`).toString('base64');
    const headers = { accept: 'application/json', ...(basic ? { authorization: `Basic ${basic}` } : {}) };
    // Without what the address may hold of a login: Node would send it.
    const { protocol, hostname, port, pathname, search } = url;
    const target = { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), port, path: `${pathname}${search}` };
    const request = get({ ...target, timeout: TIMEOUT_MS, agent: false, headers }, (response) => {
      answerOf(response, maxBytes).then(resolve, reject);
    });
    request.on('timeout', () => request.destroy(new Error('no answer for 5 s')));
    request.on('error', reject);
  });
}

async function answerOf(response: IncomingMessage, maxBytes: number): Promise<string> {
  if (response.statusCode === 200) return collect(response, maxBytes);
  const isText = response.headers['content-type']?.startsWith('text/plain') === true;
  const words = isText ? await collect(response, MAX_REASON_BYTES).catch(() => '') : '';
  response.destroy();
  throw new HttpStatusError(response.statusCode ?? 0, words);
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
