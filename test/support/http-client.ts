import { createServer, type IncomingHttpHeaders, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rememberClient } from '../../src/net/client-address.ts';

/** What a test asks; the defaults are a GET from 203.0.113.9 to `Host: radio.example:8000`. */
export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** `user:password` of Basic authentication. */
  readonly login?: string;
  /** The address that the client seems to have. */
  readonly from?: string;
  readonly secure?: boolean;
}

/** What came back. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request listener behind a loopback port. */
export interface HttpHarness {
  ask(path: string, question?: Question): Promise<Reply>;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `listener`; each question is a connection of its own. One question at a time. */
export async function serve(listener: RequestListener): Promise<HttpHarness> {
  let client = { address: '203.0.113.9', secure: false };
  const server = createServer(listener);
  server.on('connection', (socket) => rememberClient(socket, client));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (path: string, question: Question = {}): Promise<Reply> => {
    const { method = 'GET', headers = {}, body, login, from = '203.0.113.9', secure = false } = question;
    client = { address: from, secure };
    const authorization =
      login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          port,
          host: '127.0.0.1',
          path,
          method,
          agent: false,
          headers: { host: 'radio.example:8000', ...authorization, ...headers },
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(parts).toString('utf8'),
            }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  };
  return { ask, port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
