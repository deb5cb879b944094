import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll } from 'vitest';

const running = new Set<ChildProcess>();

/** A program that a test started; it is ended with the test file at the latest. */
export interface Child {
  readonly process: ChildProcess;
  /** What it wrote to standard error so far. */
  errors(): string;
  /** Resolves with the exit code, or -1 when a signal ended it. */
  readonly exited: Promise<number>;
  /** Ends it with a signal and waits. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

/** Starts a program. Its standard output is a pipe, its standard error is kept (the last 64 KiB). */
export function start(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Child {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  running.add(child);
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-65_536);
  });
  child.stdin!.on('error', () => {});
  const exited = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      running.delete(child);
      resolve(code ?? -1);
    });
  });
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return exited;
  };
  return { process: child, errors: () => errors, exited, stop };
}

/** Runs a program to its end and gives its standard output. Throws with its errors when it fails. */
export async function run(command: string, args: readonly string[], input?: Buffer): Promise<Buffer> {
  const child = start(command, args);
  const chunks: Buffer[] = [];
  child.process.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.process.stdin!.end(input);
  const closed = new Promise((resolve) => child.process.stdout!.on('close', resolve));
  const code = await child.exited;
  await closed;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${child.errors().slice(-2000)}`);
  return Buffer.concat(chunks);
}

/** Waits until `check` gives a value that is not undefined or false; fails after `timeoutMs`. */
export async function until<T>(what: string, check: () => Promise<T> | T, timeoutMs = 60_000): Promise<NonNullable<T>> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await Promise.resolve()
      .then(check)
      .catch(() => undefined);
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > deadlineMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});
