import { createServer } from 'node:net';

// Below the system's own range: a port from there may go to any outgoing connection before the test listens on it.
const LOWEST = 20_000;
const PORTS_PER_WORKER = 1000;

const first = LOWEST + (Number(process.env.VITEST_POOL_ID ?? 0) % 10) * PORTS_PER_WORKER;
// Files that one worker runs after another start at other ports: what the last file left may still be closing.
let next = (process.pid * 37) % PORTS_PER_WORKER;

/** A TCP port of the loopback address that is free, with the one above it free too. No other caller is given either. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < PORTS_PER_WORKER / 2; attempt++) {
    next = (next + 2) % PORTS_PER_WORKER;
    const port = first + next - (next % 2);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
  throw new Error('no free port');
}

/** An even UDP port of a test's own, with those above it for some flows and their RTCP. */
export function udpPorts(flows = 4): number {
  const count = 2 * flows;
  next = next + 2 * count < PORTS_PER_WORKER ? next + 2 : 0;
  const port = first + next - (next % 2);
  next += count;
  return port;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
