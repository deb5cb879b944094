/**
 * Listeners for the benchmark, in a process of their own:
 * load.js PORT COUNT PER_SECOND ICY(0|1) SECONDS MOUNT...  Tells `settled` and `done` on standard output, then a JSON line.
 */
import { quantile } from '../support/process-cost.ts';
import { CheckingListener } from './listener.ts';

const [port, count, perSecond, icy, seconds, ...mounts] = process.argv.slice(2);
const readBuffer = Buffer.alloc(256 * 1024);
const SETTLE_MS = 5000;
const listeners: CheckingListener[] = [];
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const startMs = performance.now();
while (listeners.length < Number(count)) {
  const due = Math.min(Number(count), Math.ceil(((performance.now() - startMs) / 1000) * Number(perSecond)));
  while (listeners.length < due) {
    const mount = mounts[listeners.length % mounts.length]!;
    listeners.push(new CheckingListener(Number(port), mount, icy === '1', readBuffer));
  }
  await wait(2);
}
await wait(SETTLE_MS);
console.log('settled');
const bytesBefore = listeners.reduce((sum, listener) => sum + listener.audioBytes, 0);
await wait(Number(seconds) * 1000);
console.log('done');
const bytes = listeners.reduce((sum, listener) => sum + listener.audioBytes, 0) - bytesBefore;
const firstBytesMs = listeners.map(({ firstByteMs }) => firstByteMs ?? Number.POSITIVE_INFINITY);
console.log(
  JSON.stringify({
    alive: listeners.filter(({ dropped }) => !dropped).length,
    errors: listeners.reduce((sum, listener) => sum + listener.errors, 0),
    bytesPerListenerSecond: bytes / listeners.length / Number(seconds),
    firstByteP50Ms: quantile(firstBytesMs, 0.5),
    firstByteP99Ms: quantile(firstBytesMs, 0.99),
  }),
);
for (const listener of listeners) listener.close();
process.exit(0);
