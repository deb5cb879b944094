import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ControlLine } from './control-line.ts';

/** Why a line ended whose coordinator says this, and then ends it. */
async function reasonAfter(said: string): Promise<string> {
  const server = createServer((socket) => void socket.on('error', () => {}).end(said));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const reason = await new Promise<string>((resolve) => {
    new ControlLine(socket, { dialect: 1, clientId: 'me', listenPort: 0, onEvent: () => {} }, resolve);
  });
  server.close();
  return reason;
}

describe('a line to a coordinator that ended', () => {
  it.each([
    ['', 'it closed the connection without a word, as a port of pdtps:// does'],
    ['["tell_info",{"url":"http://host/song.mp3","size":1,"chunk_size":1}]\n', 'it closed the connection'],
    ['["protocol_error",{"message":"no"}]\n', 'no'],
    ['{', 'it closed the connection'],
    ['x\n', expect.stringContaining('it broke the protocol')],
  ])('after %j', async (said, reason) => {
    expect(await reasonAfter(said)).toEqual(reason);
  });
});
