import { connect } from 'node:net';

/** A player made of a bare socket, which keeps all that it is sent. */
export interface RawListener {
  /** Head lines, once they are there. */
  head(): string;
  /** The body so far. */
  body(): Buffer;
  readonly closed: () => boolean;
  close(): void;
}

/** Listens to a mount with a request as old players send it. */
export function listen(port: number, path: string, headers: readonly string[] = []): RawListener {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  let closed = false;
  socket.write([`GET ${path} HTTP/1.0`, 'User-Agent: test', ...headers, '', ''].join('\r\n'));
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  const whole = () => Buffer.concat(chunks);
  const headEnd = (data: Buffer) => data.indexOf('\r\n\r\n');
  return {
    head: () => whole().toString('latin1', 0, Math.max(0, headEnd(whole()))),
    body: () => {
      const data = whole();
      const end = headEnd(data);
      return end < 0 ? Buffer.alloc(0) : data.subarray(end + 4);
    },
    closed: () => closed,
    close: () => socket.destroy(),
  };
}
