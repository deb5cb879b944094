import type { StreamRequest } from '../../src/modules/network.ts';
import { HeadReader } from '../../src/protocols/http/head-reader.ts';
import { splitTarget } from '../../src/protocols/http/target.ts';
import { FakeSocket } from './fake-socket.ts';

/** A request as a front gives it to a mount: what follows the head in `text` is its rest. */
export function fakeRequest(text: string | Buffer, clientAddress = '192.0.2.7') {
  const socket = new FakeSocket();
  const { head, rest } = new HeadReader().push(Buffer.from(text as string, 'latin1'))!;
  const { path, query } = splitTarget(head.target);
  const reused: Buffer[] = [];
  const request: StreamRequest = {
    head,
    path,
    query,
    socket: socket.socket,
    rest,
    clientAddress,
    secure: false,
    reuse: (bytes) => void reused.push(bytes),
  };
  const answer = () => socket.received.toString('latin1');
  return { request, socket, reused, answer };
}
