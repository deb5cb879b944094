import { HeadReader } from '../../src/protocols/http/head-reader.ts';
import { ResponseReader } from '../../src/protocols/http/response-reader.ts';
import { distreamerCapture } from './distreamer-capture.ts';

/** One recorded request of the polling protocols, with its answer. */
export interface RecordedPoll {
  /** All bytes of the client. */
  readonly request: Buffer;
  /** `GET /list/secret` */
  readonly line: string;
  readonly posted: Buffer;
  /** All bytes of the server. */
  readonly response: Buffer;
  readonly status: number;
  readonly body: Buffer;
}

/** All recorded requests of one pair, in order. */
export function recordedPolls(pair: 'server-client' | 'revclient-revserver', count: number): RecordedPoll[] {
  return Array.from({ length: count }, (_, index) => {
    const request = distreamerCapture(`${pair}-${index + 1}.client`);
    const response = distreamerCapture(`${pair}-${index + 1}.server`);
    const { head, rest } = new HeadReader().push(request)!;
    const reader = new ResponseReader(1e6);
    const answer = reader.push(response) ?? reader.end()!;
    return { request, line: `${head.method} ${head.target}`, posted: rest, response, ...answer };
  });
}
