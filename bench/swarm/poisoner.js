// A listener that passes on wrong bytes: poisoner.js DIST URL UPLOAD_BYTES_PER_SECOND
// DIST is the folder of the built program. What it hears itself goes to standard output.
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [dist, url, limit] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(resolve(dist), path)).href);
const { nativeDownload } = await load('swarm/native/native-download.js');
const { TlsCarrier } = await load('swarm/native/tls-carrier.js');
const { systemClock } = await load('core/clock.js');
const { silentLogger } = await load('core/logger.js');
const { parseSwarmUrl } = await load('protocols/swarm/swarm-url.js');

const SHORTEST_DATA = 1000;
const tls = new TlsCarrier(systemClock);

function poison(line) {
  return {
    close: () => line.close(),
    send: (bytes) => {
      if (bytes.length < SHORTEST_DATA) return line.send(bytes);
      const wrong = Buffer.from(bytes);
      wrong[wrong.length - 1] ^= 1;
      return line.send(wrong);
    },
  };
}

const carrier = {
  listen: (host, address, port) => {
    const keyOf = (identity) => host.keyOf(identity);
    const accept = (line, identity) => host.accept(poison(line), identity);
    return tls.listen({ keyOf, accept }, address, port);
  },
  dial: async (target, events) => poison(await tls.dial(target, events)),
  close: () => tls.close(),
};

await nativeDownload({
  clock: systemClock,
  log: silentLogger,
  url: parseSwarmUrl(url),
  displayUrl: url,
  give: { host: '::', port: 8000 },
  uploadLimit: Number(limit),
  path: '/dev/null',
  sink: process.stdout,
  isKept: false,
  stallMs: 120_000,
  stayMs: 0,
  signal: new AbortController().signal,
  onProgress: () => {},
  carrier,
});
