import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PASSWORD = 'benchmark';
const bin = fileURLToPath(new URL('../../../bin/distream.js', import.meta.url));

/** A server under test. */
export interface Server {
  readonly process: ChildProcess;
  readonly port: number;
  stop(): Promise<void>;
}

function launch(command: string, args: string[], port: number): Promise<Server> {
  const child = spawn(command, args, { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  return ready(port).then(() => ({ process: child, port, stop }));
}

async function ready(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** distream with one stream a mount; source and listeners use the same path. */
export function startDistream(port: number, mounts: readonly string[], tick: string): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'distream-bench-'));
  const streams = mounts.map(
    (mount, index) =>
      `  s${index}:\n    buffer: 10s\n` +
      `    input: { type: source, mount: ${mount}, password: ${PASSWORD}, shoutcast: false }\n` +
      `    outputs: [{ type: icecast, mount: ${mount}, tick: ${tick} }]\n`,
  );
  const limits = 'limits: { connections: 50000, connectionsPerAddress: 50000, listenersPerAddress: 50000 }';
  const file = join(folder, 'bench.yaml');
  writeFileSync(file, `http: { host: 127.0.0.1, port: ${port}, ${limits} }\nstreams:\n${streams.join('')}`);
  return launch(process.execPath, [bin, 'run', file, '--log-level', 'warn'], port);
}

/** Icecast with its defaults: burst 65,536 bytes, queue 524,288. */
export function startIcecast(port: number, maxListeners: number): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'icecast-bench-'));
  chmodSync(folder, 0o777); // it changes its user
  const file = join(folder, 'icecast.xml');
  writeFileSync(
    file,
    `<icecast><limits><clients>${maxListeners + 100}</clients><sources>300</sources><queue-size>524288</queue-size>` +
      `<burst-size>65535</burst-size></limits><authentication><source-password>${PASSWORD}</source-password>` +
      `<relay-password>${PASSWORD}</relay-password><admin-user>admin</admin-user><admin-password>${PASSWORD}</admin-password>` +
      `</authentication><hostname>localhost</hostname><listen-socket><port>${port}</port><bind-address>127.0.0.1` +
      `</bind-address></listen-socket><paths><basedir>${folder}</basedir><logdir>${folder}</logdir>` +
      `<webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths>` +
      '<logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>1</loglevel></logging>' +
      `${process.getuid?.() === 0 ? '<security><changeowner><user>nobody</user><group>nogroup</group></changeowner></security>' : ''}</icecast>`,
  );
  return launch('icecast2', ['-c', file], port);
}
