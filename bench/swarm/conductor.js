// What one conductor process can carry: conductor.js DIST [PEERS] [plan|memory|tls]
// DIST is the folder of the built program; run with --expose-gc. Connects PEERS idle listeners (default 20,000) over
// loopback with TLS, of a file that they wait for, in processes of their own; prints bytes a peer in the conductor's
// process (`tls`: of peers that stay with TLS), and how many assignments a second `planTransfers` makes in place.
import { fork } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [dist, peersWord = '20000', role, ...rest] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(resolve(dist), path)).href);
const PEERS = Number(peersWord);
const PER_PROCESS = 2500;
const AT_ONCE = 40;

async function connectPeers(port, count, first, isSealed) {
  const { connect } = await import('node:net');
  const { connect: connectTls } = await import('node:tls');
  const { randomBytes } = await import('node:crypto');
  const { encodePeerMessage, SWARM_ALPN } = await load('protocols/swarm/peer-messages.js');
  const { MessageSplitter } = await load('protocols/swarm/framing.js');
  const { decodeConductorMessage } = await load('protocols/swarm/conductor-messages.js');
  const { SEALED } = await load('protocols/swarm/sealed-records.js');
  const { ControlChannel } = await load('swarm/native/control-channel.js');
  const { TlsStretch } = await load('swarm/native/tls-stretch.js');
  let left = count;
  const channels = [];
  const one = (number) =>
    new Promise((done, failed) => {
      // one address for each, so that limits of a prefix mean what they mean outside
      const localAddress = `127.${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
      const socket = connect({ host: '127.0.0.1', port, localAddress });
      const stretch = new TlsStretch(socket);
      const tls = connectTls({
        socket: stretch,
        ALPNProtocols: [SWARM_ALPN],
        rejectUnauthorized: false,
        minVersion: 'TLSv1.3',
      });
      tls.once('secureConnect', () => {
        const splitter = new MessageSplitter();
        const channel = new ControlChannel(
          { socket, stretch, tls },
          {
            onBytes: (bytes) => {
              for (const message of splitter.push(bytes)) {
                const said = decodeConductorMessage(message);
                if (said.type === 'welcome' && isSealed) channel.leaveTls('peer');
                if (said.type === 'hashes') done();
              }
            },
            onClose: (reason) => failed(new Error(`closed: ${reason}`)),
          },
        );
        channels.push(channel);
        const caps = { gives: true, metered: false, upBytesPerSecond: 0 };
        const hello = {
          type: 'hello',
          version: 3,
          capabilities: isSealed ? SEALED : 0,
          listenPort: 0,
          key: randomBytes(16),
          agent: 'bench',
          ...caps,
        };
        channel.send(encodePeerMessage(hello));
        channel.send(
          encodePeerMessage({ type: 'want', ref: 1, path: '/file.bin', inOrder: false, ticket: Buffer.alloc(0) }),
        );
      });
    });
  let next = first;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) await one(next++);
    }),
  );
  process.send('connected');
  setInterval(() => {}, 60_000);
}

async function memory(isSealed) {
  const { NativeServer } = await load('swarm/native/native-server.js');
  const { serverIdentity } = await load('swarm/native/server-identity.js');
  const { systemClock } = await load('core/clock.js');
  const { silentLogger } = await load('core/logger.js');
  const fileRoot = mkdtempSync(join(tmpdir(), 'conductor-bench-'));
  writeFileSync(join(fileRoot, 'file.bin'), Buffer.alloc(1_000_000));
  const server = await NativeServer.start({
    clock: systemClock,
    log: silentLogger,
    random: Math.random,
    listen: { host: '127.0.0.1', port: 0 },
    fileRoot,
    identity: serverIdentity(Date.now()),
    givePort: 0,
    uploadLimit: 1_000_000,
  });
  const used = async () => {
    for (let at = 0; at < 4; at++) {
      globalThis.gc?.();
      await new Promise((done) => setTimeout(done, 500));
    }
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    return { rss, heapUsed, external, arrayBuffers };
  };
  const before = await used();
  const children = [];
  const startMs = performance.now();
  for (let first = 0; first < PEERS; first += PER_PROCESS) {
    const count = Math.min(PER_PROCESS, PEERS - first);
    const child = fork(fileURLToPath(import.meta.url), [
      dist,
      String(count),
      'peers',
      String(server.address.port),
      String(first),
      isSealed ? 'sealed' : 'tls',
    ]);
    children.push(child);
    await new Promise((done, failed) => {
      child.once('message', done);
      child.once('exit', () => failed(new Error('peers ended')));
    });
  }
  const connectS = (performance.now() - startMs) / 1000;
  const after = await used();
  const each = Object.fromEntries(
    Object.keys(before).map((key) => [key, Math.round((after[key] - before[key]) / PEERS)]),
  );
  console.log(
    JSON.stringify({ peers: server.conductor.memberCount, connectS: Math.round(connectS), bytesAPeer: each }),
  );
  for (const child of children) child.kill('SIGKILL');
  await server.close();
}

async function assignments() {
  const { Swarm } = await load('swarm/schedule/swarm.js');
  const { planTransfers } = await load('swarm/schedule/plan.js');
  const { seededRandom } = await load('swarm/schedule/seeded-random.js');
  const random = seededRandom(1);
  const swarm = new Swarm(
    { chunkBytes: 65_536, windowChunks: 1600, live: false, serverUpBytesPerSecond: 1e7, orderAheadMs: 280 },
    PEERS,
  );
  for (let at = 0; at < PEERS; at++) {
    swarm.join({
      upBytesPerSecond: 500_000,
      downBytesPerSecond: 4e6,
      reachable: true,
      wants: true,
      prefix: at >> 4,
      widePrefix: at >> 8,
    });
  }
  for (let peer = 1; peer <= PEERS; peer++)
    for (let at = 0; at < 200; at++) swarm.hold(peer, Math.floor(random() * 1600));
  let count = 0;
  let nowMs = 0;
  const running = [];
  const startMs = performance.now();
  while (performance.now() - startMs < 5000) {
    nowMs += 15;
    for (const transfer of running.splice(0, Math.ceil(running.length / 10))) swarm.finish(transfer, true, nowMs);
    const planned = planTransfers(swarm, { nowMs, random });
    count += planned.length;
    running.push(...planned);
  }
  const seconds = (performance.now() - startMs) / 1000;
  console.log(JSON.stringify({ peers: PEERS, assignments: count, assignmentsPerSecond: Math.round(count / seconds) }));
}

if (role === 'peers') await connectPeers(Number(rest[0]), PEERS, Number(rest[1]), rest[2] === 'sealed');
else {
  if (role === 'plan' || role === undefined) await assignments();
  if (role !== 'plan') await memory(role !== 'tls');
}
