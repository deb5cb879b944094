import { responseHead } from '../../protocols/http/head-writer.ts';
import type { Credentials, StreamUrl } from './stream-url.ts';

/** How a stream is asked for. */
export interface RequestOptions {
  /** Asks for titles inside the audio. */
  readonly metadata: boolean;
  readonly userAgent: string;
  readonly credentials: Credentials | undefined;
}

/** The request for a stream, complete. The same headers in the same order as DiStreamer sends. */
export function streamRequest(url: StreamUrl, options: RequestOptions): Buffer {
  const { metadata, userAgent, credentials } = options;
  return responseHead(`GET ${url.target} HTTP/1.1`, [
    ['Host', url.authority],
    ['Accept-Encoding', 'identity'],
    ...(metadata ? ([['Icy-MetaData', '1']] as const) : []),
    ['User-Agent', userAgent],
    ...(credentials ? ([['Authorization', basic(credentials)]] as const) : []),
  ]);
}

function basic({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}
