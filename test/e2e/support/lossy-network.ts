import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Child, start, until } from './child.ts';

const SCRIPT = fileURLToPath(new URL('./lossy_network.py', import.meta.url));

/** What a line does to packets, in both directions. */
export interface LineFaults {
  readonly seed: number;
  readonly lossPercent: number;
  readonly delayMs: number;
  /** To both sides of the delay; packets overtake each other. */
  readonly jitterMs: number;
  /** From and to, in seconds after the first RTP packet. */
  readonly outages?: readonly (readonly [number, number])[];
}

/** Packets of a flow, by their RTP timestamps. */
export interface LineLosses {
  /** They never came through. */
  readonly lost: readonly number[];
  /** They came through when they were sent again, half a second or more after the first time. */
  readonly late: readonly number[];
}

/** Two network namespaces, `a` (10.9.0.1) and `b` (10.9.0.2), and a bad line between them. */
export interface LossyNetwork {
  /** Starts a program in a namespace, in a folder. */
  start(side: 'a' | 'b', folder: string, command: string, ...args: readonly string[]): Child;
  /** Removes the namespaces. Resolves with what became of the flows' packets, by SSRC. */
  close(): Promise<ReadonlyMap<number, LineLosses>>;
}

/** Why namespaces cannot be made here; undefined when they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may make network namespaces';
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  for (const program of ['ip', 'python3']) {
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return `${program} is not installed`;
  }
  const name = `distream-${process.pid}-probe`;
  if (spawnSync('ip', ['netns', 'add', name]).status !== 0) return 'the kernel refuses a network namespace';
  spawnSync('ip', ['netns', 'del', name]);
  return undefined;
}

let made = 0;

/** Makes the namespaces and the line. */
export async function lossyNetwork(faults: LineFaults): Promise<LossyNetwork> {
  const name = `distream-${process.pid}-${made++}`;
  const line = start('python3', [SCRIPT, name, JSON.stringify(faults)]);
  let said = '';
  line.process.stdout!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until('the namespaces', () => said.startsWith('ready\n')).catch((error: Error) => {
    throw new Error(`${error.message}: ${line.errors()}`);
  });
  return {
    start: (side, folder, command, ...args) => {
      const child = start('ip', ['netns', 'exec', `${name}-${side}`, command, ...args], { cwd: folder });
      child.process.stdout!.resume();
      return child;
    },
    close: async () => {
      const closed = once(line.process.stdout!, 'close');
      line.process.stdin!.end();
      await Promise.all([line.exited, closed]);
      const losses = JSON.parse(said.slice('ready\n'.length)) as Record<string, LineLosses>;
      return new Map(Object.entries(losses).map(([ssrc, each]) => [Number(ssrc), each]));
    },
  };
}
