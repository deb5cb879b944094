import { DistreamError, reasonOf } from '../core/errors.ts';
import { type NodeStatus, nodeStatusSchema } from '../node/status/schema.ts';
import { ask, HttpStatusError, type Login } from './node-client.ts';

const MAX_BYTES = 16 * 2 ** 20;

/** The address of a node's status from what a person types: `localhost:8000`, `https://radio.example.org`. Throws USAGE. */
export function statusUrl(address: string): URL {
  try {
    const url = new URL('/api/v1/status', /^https?:\/\//i.test(address) ? address : `http://${address}`);
    if (url.hostname) return url;
  } catch {
    // Told below.
  }
  const shown = address.replace(/^(\w+:\/\/)?[^/]*@/, '$1');
  throw new DistreamError('USAGE', { reason: `${shown} is no address of a node; write e.g. http://127.0.0.1:8000` });
}

/** Asks a node for its status; its public form without a login. Rejects with NO_NODE when none answers, or REFUSED. */
export async function readStatus(url: URL, login?: Login): Promise<NodeStatus> {
  try {
    const parsed = nodeStatusSchema.safeParse(JSON.parse(await ask({ url, login, maxBytes: MAX_BYTES })));
    if (!parsed.success) throw new Error('what answers there is no node of distream');
    return parsed.data;
  } catch (error) {
    throw refusalOf(error, url) ?? noNode(error, url);
  }
}

/** The error for an answer that refuses the login, or undefined. */
export function refusalOf(error: unknown, url: URL): DistreamError | undefined {
  if (!(error instanceof HttpStatusError)) return undefined;
  if (error.status === 401) return refused('the user or the password is wrong');
  if (error.status === 403) return refused('it answers with the HTTP status 403');
  if (error.status === 429) return refused('there were too many wrong passwords; try again in a minute');
  return undefined;

  function refused(reason: string): DistreamError {
    return new DistreamError('REFUSED', { url: url.origin, reason }, { cause: error });
  }
}

/** The error for an answer that is none of a node. */
export function noNode(error: unknown, url: URL): DistreamError {
  const reason = error instanceof SyntaxError ? 'what answers there is no node of distream' : reasonOf(error);
  return new DistreamError('NO_NODE', { url: url.origin, reason }, { cause: error });
}
