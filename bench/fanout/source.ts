/**
 * Encoders for the benchmark, in a process of their own: source.js PORT BYTES_PER_SECOND MOUNT...
 * Each sends the counting pattern, paced, by PUT. Runs until it is ended.
 */
import { connect } from 'node:net';
import { patternBytes } from '../support/pattern.ts';

const TICK_MS = 100;
const [port, rate, ...mounts] = process.argv.slice(2);
const bytesPerSecond = Number(rate);
const authorization = Buffer.from('source:benchmark').toString('base64');
const startMs = performance.now();

function send(mount: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.setNoDelay(true);
    socket.write(
      `PUT ${mount} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic ${authorization}\r\n` +
        'User-Agent: bench\r\nContent-Type: audio/mpeg\r\nIce-Bitrate: 128\r\nExpect: 100-continue\r\n\r\n',
    );
    socket.once('data', () => {
      let sent = 0;
      setInterval(() => {
        const due = Math.floor(((performance.now() - startMs) / 1000) * bytesPerSecond);
        for (; sent < due; sent = Math.min(due, sent + 32_768)) {
          socket.write(patternBytes(sent, Math.min(due, sent + 32_768)));
        }
      }, TICK_MS);
      resolve();
    });
    socket.on('error', (error) => {
      console.error(`source ${mount}: ${error.message}`);
      process.exit(1);
    });
    socket.on('close', () => process.exit(1));
  });
}

for (const mount of mounts) await send(mount);
console.log('ready');
