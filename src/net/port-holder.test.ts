import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { findPortHolder, listeningInodes } from './port-holder.ts';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 41234 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F40 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000  1000        0 41299 1 0000000000000000 20 4 30 10 -1
   2: 00000000:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 41300 1 0000000000000000 100 0 0 10 0
`;

describe('listeningInodes', () => {
  it('takes sockets that listen on the port', () => {
    expect(listeningInodes(TABLE, 8000)).toEqual(['41234']);
    expect(listeningInodes(TABLE, 8001)).toEqual(['41300']);
    expect(listeningInodes(TABLE, 80)).toEqual([]);
    expect(listeningInodes('', 80)).toEqual([]);
  });
});

describe('findPortHolder', () => {
  it.runIf(process.platform === 'linux')('finds this process', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    expect(await findPortHolder(port)).toMatchObject({ pid: process.pid });
    expect(await findPortHolder(port, 'udp')).toBeUndefined();
    server.close();
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    expect(await findPortHolder(socket.address().port, 'udp')).toMatchObject({ pid: process.pid });
    socket.close();
  });

  it('tells nothing where nothing can be told', async () => {
    expect(await findPortHolder(1, 'tcp', '/nowhere')).toBeUndefined();
  });
});
