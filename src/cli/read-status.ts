import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { DistreamError, reasonOf } from '../core/errors.ts';
import { type NodeStatus, nodeStatusSchema } from '../node/status/schema.ts';

const TIMEOUT_MS = 5000;
const MAX_BYTES = 16 * 2 ** 20;

/** The address of a node's status from what a person types: `localhost:8000`, `https://radio.example.org`. Throws USAGE. */
export function statusUrl(address: string): URL {
  try {
    const url = new URL('/api/v1/status', /^https?:\/\//i.test(address) ? address : `http://${address}`);
    if (url.hostname) return url;
  } catch {
    // Told below.
  }
  throw new DistreamError('USAGE', { reason: `${address} is no address of a node; write e.g. http://127.0.0.1:8000` });
}

/** Asks a node for its status. Rejects with NO_NODE when none answers. */
export async function readStatus(url: URL): Promise<NodeStatus> {
  try {
    const parsed = nodeStatusSchema.safeParse(JSON.parse(await download(url)));
    if (!parsed.success) throw new Error('what answers there is no node of distream');
    return parsed.data;
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'what answers there is no node of distream' : reasonOf(error);
    throw new DistreamError('NO_NODE', { url: url.origin, reason }, { cause: error });
  }
}

function download(url: URL): Promise<string> {
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? httpsGet : httpGet;
    const request = get(
      url,
      { timeout: TIMEOUT_MS, agent: false, headers: { accept: 'application/json' } },
      (response) => {
        if (response.statusCode === 200) return void collect(response).then(resolve, reject);
        response.resume();
        reject(new Error(`it answers with the HTTP status ${response.statusCode}`));
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer for 5 s')));
    request.on('error', reject);
  });
}

async function collect(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
