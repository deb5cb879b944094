/**
 * What receiver.c does where there is no C compiler: the times are then those at which Node got the packet, so they
 * tell of this receiver too. Usage: receiver PORT FILE
 */
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { RECORD_BYTES } from './analyze.ts';

const SILENCE_MS = 2000;
const socket = createSocket({ type: 'udp4', recvBufferSize: 16 << 20 });
let block = Buffer.alloc(RECORD_BYTES << 20);
let used = 0;
let silence: NodeJS.Timeout | undefined;

socket.on('message', (packet) => {
  const now = process.hrtime.bigint();
  if (packet.length < 12) return;
  if (used + RECORD_BYTES > block.length) block = Buffer.concat([block, Buffer.alloc(block.length)]);
  block.writeBigUInt64LE(now, used);
  block.writeUInt32LE(packet.readUInt32BE(8), used + 8);
  block.writeUInt32LE(packet.readUInt32BE(4), used + 12);
  block.writeUInt32LE(packet.readUInt16BE(2), used + 16);
  block.writeUInt32LE(packet.length, used + 20);
  used += RECORD_BYTES;
  if (silence) silence.refresh();
  else silence = setTimeout(end, SILENCE_MS);
});

function end(): void {
  socket.close();
  writeFileSync(process.argv[3]!, block.subarray(0, used));
  console.log('drops unknown');
}

socket.bind(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
