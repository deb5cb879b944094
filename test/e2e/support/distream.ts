import { mkdtempSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodeStatus } from '../../../src/node/status/schema.ts';
import { type Child, run, start, until } from './child.ts';
import { freePort } from './ports.ts';

const BIN = fileURLToPath(new URL('../../../bin/', import.meta.url));

/** A node in a process of its own, started by the command that users type. */
export interface DistreamProcess extends Child {
  readonly port: number;
  readonly folder: string;
  readonly url: string;
  status(): Promise<NodeStatus>;
  /** The status of the first stream once `check` holds for it. */
  stream(check: (stream: NodeStatus['streams'][number]) => boolean): Promise<NodeStatus['streams'][number]>;
}

/** Starts `distream run` with streams given as YAML (indented by two); `PORT` in it is the node's port. */
export async function startDistream(streams: string, http = ''): Promise<DistreamProcess> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'distream-e2e-'));
  const file = join(folder, 'distream.yaml');
  writeFileSync(
    file,
    `http: { host: 127.0.0.1, port: ${port}${http} }\nstreams:\n${streams.replaceAll('PORT', String(port))}\n`,
  );
  return launch(port, folder);
}

/** Starts a node that was stopped or killed once more, with all that is in its folder. */
export function restartDistream({ port, folder }: DistreamProcess): Promise<DistreamProcess> {
  return launch(port, folder);
}

/** Runs a command of `distream` to its end and gives its standard output. */
export function distream(...args: readonly string[]): Promise<Buffer> {
  return run(process.execPath, [join(BIN, 'distream.js'), ...args]);
}

function launch(port: number, folder: string): Promise<DistreamProcess> {
  const args = [join(BIN, 'distream.js'), 'run', join(folder, 'distream.yaml'), '--log-format', 'pretty'];
  return ready(start(process.execPath, args, { cwd: folder }), port, folder);
}

/** Starts `distreamer` with the text of an INI file; `port` serves `/api/v1/status`. */
export async function startDistreamer(ini: string): Promise<Child & { folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'distreamer-e2e-'));
  const file = join(folder, 'distreamer.conf');
  writeFileSync(file, ini);
  const child = start(process.execPath, [join(BIN, 'distreamer.js'), file], { cwd: folder });
  return { ...child, folder };
}

async function ready(child: Child, port: number, folder: string): Promise<DistreamProcess> {
  const url = `http://127.0.0.1:${port}`;
  let gone = false;
  void child.exited.then(() => {
    gone = true;
  });
  const status = async () => JSON.parse((await get(`${url}/api/v1/status`)).toString()) as NodeStatus;
  await until('the node', async () => {
    if (gone) throw new Error('gone');
    return status();
  }).catch((error: Error) => {
    throw new Error(`${error.message}: ${child.errors()}`);
  });
  const stream: DistreamProcess['stream'] = (check) =>
    until('the stream', async () => {
      const first = (await status()).streams[0];
      return first && check(first) ? first : undefined;
    }).catch((error: Error) => {
      throw new Error(`${error.message}: ${child.errors()}`);
    });
  return { ...child, port, folder, url, status, stream };
}

/** The body of a GET; rejects when the status is not 200. */
export function get(url: string, headers: http.OutgoingHttpHeaders = {}): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks));
        else reject(new Error(`${url}: ${response.statusCode} ${Buffer.concat(chunks).toString().slice(0, 200)}`));
      });
    });
    request.on('error', reject);
  });
}
