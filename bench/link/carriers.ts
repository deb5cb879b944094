import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { PatternSource } from './source.ts';
import type { UdpLine } from './udp-line.ts';

const bin = fileURLToPath(new URL('../../../bin/distream.js', import.meta.url));
const RETRY_MS = 250;

/** What carries the pattern from the source over the line. */
export interface Carrier {
  /** Starts the sender, which listens on the UDP port that it answers. */
  send(source: PatternSource): Promise<number>;
  /** Starts the receiver, which reaches the sender through the line, and gives what a listener hears. */
  receive(line: UdpLine, onData: (chunk: Buffer) => void): void;
  close(): void;
}

class Programs {
  readonly folder = mkdtempSync(join(tmpdir(), 'distream-bench-link-'));
  readonly #children: ChildProcess[] = [];

  start(command: string, args: readonly string[], input: 'pipe' | 'ignore', output: 'pipe' | 'ignore'): ChildProcess {
    const child = spawn(command, args, { stdio: [input, output, 'ignore'] });
    child.on('error', (error) => console.error(`${command}: ${error.message}`));
    this.#children.push(child);
    return child;
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true });
  }
}

/** A free UDP port. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** Two nodes of distream: the receiver dials and keeps `reserve`. */
export function distream(reserve: string): Carrier {
  const programs = new Programs();
  const made = spawnSync(process.execPath, [bin, 'keygen', '--shared', '--json'], { encoding: 'utf8' }).stdout;
  const { sharedKey } = JSON.parse(made) as { sharedKey: string };
  let isClosed = false;
  const node = (name: string, text: string) => {
    const file = join(programs.folder, `${name}.yaml`);
    writeFileSync(file, text, { mode: 0o600 });
    programs.start(process.execPath, [bin, 'run', file, '--log-level', 'error'], 'ignore', 'ignore');
  };
  return {
    async send(source) {
      const [sourcePort, port, httpPort] = [await source.listen(), await freePort(), await freePort()];
      node(
        'sender',
        `http: { host: 127.0.0.1, port: ${httpPort} }\nstreams:\n  live:\n    buffer: 60s\n` +
          `    input: { type: icecast, url: "http://127.0.0.1:${sourcePort}/live" }\n    outputs:\n` +
          `      - { type: link, listen: { host: 127.0.0.1, port: ${port} }, sharedKey: ${sharedKey} }\n`,
      );
      return port;
    },
    async receive(line, onData) {
      const httpPort = await freePort();
      node(
        'receiver',
        `http: { host: 127.0.0.1, port: ${httpPort} }\nstreams:\n  live:\n    buffer: 60s\n    reserve: ${reserve}\n` +
          `    start: full\n    input: { type: link, to: "udp://127.0.0.1:${line.port}", sharedKey: ${sharedKey} }\n` +
          '    outputs: [{ type: icecast, mount: /live, burst: 2s, tick: 100ms }]\n',
      );
      const listen = () => {
        if (isClosed) return;
        const socket = connect(httpPort, '127.0.0.1', () => socket.write('GET /live HTTP/1.0\r\n\r\n'));
        const again = () => setTimeout(listen, RETRY_MS);
        let head: Buffer | undefined = Buffer.alloc(0);
        socket.on('data', (chunk) => {
          if (!head) return onData(chunk);
          head = Buffer.concat([head, chunk]);
          const end = head.indexOf('\r\n\r\n');
          if (end < 0) return;
          const body = head.subarray(end + 4);
          if (head.toString('latin1', 9, 12) === '200') head = undefined;
          if (!head) onData(body);
        });
        socket.on('error', () => {});
        socket.on('close', again);
      };
      listen();
    },
    close() {
      isClosed = true;
      programs.close();
    },
  };
}

/** srt-live-transmit (Debian: srt-tools) with that latency. */
export function srt(latencyMs: number, options = ''): Carrier {
  const programs = new Programs();
  const command = 'srt-live-transmit';
  return {
    async send(source) {
      const port = await freePort();
      const query = `mode=listener&latency=${latencyMs}${options}`;
      const child = programs.start(
        command,
        ['-c:1280', '-q', 'file://con', `srt://127.0.0.1:${port}?${query}`],
        'pipe',
        'ignore',
      );
      source.feed(child.stdin!);
      return port;
    },
    receive(line, onData) {
      const query = `mode=caller&latency=${latencyMs}${options}`;
      const child = programs.start(
        command,
        ['-c:1456', '-q', `srt://127.0.0.1:${line.port}?${query}`, 'file://con'],
        'ignore',
        'pipe',
      );
      (child.stdout as Readable).on('data', onData);
    },
    close: () => programs.close(),
  };
}
