/**
 * Questions to the node and orders for it.
 * @module
 */
import { href } from './routing.ts';

const TIMEOUT_MS = 8000;

/** An answer that is not what was asked for. */
export class ApiError extends Error {
  readonly status: number;
  /** Seconds to wait, of a 429. */
  readonly retryAfterSeconds: number;

  constructor(status: number, message: string, retryAfterSeconds = 0) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(href(path), {
    cache: 'no-store',
    credentials: 'same-origin',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...init,
  });
  if (response.ok) return response;
  throw new ApiError(response.status, await reasonOf(response), Number(response.headers.get('retry-after')) || 0);
}

/** The reason of a refusal, in a line. */
async function reasonOf(response: Response): Promise<string> {
  const text = (await response.text().catch(() => '')).slice(0, 2000);
  try {
    // A problem of RFC 9457.
    const { detail, title } = JSON.parse(text) as { detail?: string; title?: string };
    const message = detail ?? title;
    if (message) return String(message);
  } catch {
    // Not JSON: the text itself, unless it is a page.
  }
  return text && !text.startsWith('<') ? text.trim() : `${response.status} ${response.statusText}`;
}

/** An answer as JSON. Throws ApiError, or what fetch throws when the node cannot be reached. */
export async function getJson<T>(path: string): Promise<T> {
  return (await (await ask(path, {})).json()) as T;
}

/** Sends an order; the answer as JSON, when there is one. Throws as `getJson`. */
export async function send<T = unknown>(
  method: 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<T | undefined> {
  const headers: Record<string, string> = { 'X-Distream': 'page' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await ask(path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  const text = await response.text();
  return text && response.headers.get('content-type')?.includes('json') ? (JSON.parse(text) as T) : undefined;
}

/** The path of something of a stream. */
export function streamPath(name: string, rest: string): string {
  return `api/v1/streams/${encodeURIComponent(name)}/${rest}`;
}
