import { Writable } from 'node:stream';
import type { Clock } from '../core/clock.ts';

/** The world of a command: terminal, environment, time. Tests hand in their own. */
export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Data. */
  out(text: string): void;
  /** Logs, progress and errors. */
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Size of the terminal. */
  size(): { columns: number; rows: number };
  /** Calls back on Ctrl-C (`SIGINT`) or when asked to stop (`SIGTERM`). Returns the unsubscriber. */
  onStop(listener: (signal: 'SIGINT' | 'SIGTERM') => void): () => void;
  /** Asks the person at the terminal and resolves with the line; undefined when nobody is there to answer. */
  ask?(question: string): Promise<string | undefined>;
  /** Calls back when asked to read the configuration anew (`SIGHUP`). Returns the unsubscriber. */
  onReload?(listener: () => void): () => void;
  /** The whole of standard input as text, at most 64 KiB; for what is piped in. */
  readInput?(): Promise<string>;
  /** Asks for a secret without showing what is typed; undefined when there is no terminal. */
  askSecret?(question: string): Promise<string | undefined>;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** The process' own terminal, environment and signals. */
export function processIo(clock: Clock): CliIo {
  return {
    env: process.env,
    clock,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    outIsTerminal: process.stdout.isTTY === true && process.env.TERM !== 'dumb',
    errIsTerminal: process.stderr.isTTY === true && process.env.TERM !== 'dumb',
    size: () => ({ columns: process.stdout.columns ?? 80, rows: process.stdout.rows ?? 24 }),
    onStop: (listener) => {
      process.on('SIGINT', listener);
      process.on('SIGTERM', listener);
      return () => {
        process.off('SIGINT', listener);
        process.off('SIGTERM', listener);
      };
    },
    ask: askAtTerminal,
    onReload: (listener) => {
      // On Windows this signal means that the window was closed.
      if (process.platform === 'win32') return () => {};
      process.on('SIGHUP', listener);
      return () => void process.off('SIGHUP', listener);
    },
    readInput: readStandardInput,
    askSecret: askUnseen,
    exit: (code) => process.exit(code),
  };
}

async function askAtTerminal(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and the end of the input close it without an answer.
  const closed = new Promise<undefined>((resolve) => terminal.once('close', () => resolve(undefined)));
  try {
    return await Promise.race([terminal.question(question), closed]);
  } finally {
    terminal.close();
  }
}

const MAX_INPUT_BYTES = 64 * 1024;

async function readStandardInput(): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_INPUT_BYTES) break;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

async function askUnseen(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  process.stderr.write(question);
  const { createInterface } = await import('node:readline/promises');
  // What a line editor would show goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const closed = new Promise<undefined>((resolve) => terminal.once('close', () => resolve(undefined)));
  try {
    return await Promise.race([terminal.question(''), closed]);
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
