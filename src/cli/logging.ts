/**
 * The node's log: JSON lines by pino, or lines for people. Every value is
 * cleaned of control characters and of secrets on its way out.
 * @module
 */
import { type DestinationStream, multistream, pino, stdTimeFunctions } from 'pino';
import { reasonOf } from '../core/errors.ts';
import type { LogFields, Logger, LogLevel } from '../core/logger.ts';
import { cleanText } from '../core/text.ts';
import { LogFile } from './log-file.ts';
import { prettyLine } from './pretty-line.ts';

/** How log lines look. */
export type LogFormat = 'pretty' | 'json';

/** What a log is made of. */
export interface LoggingOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly colour: boolean;
  /** Also JSON lines to this file; `fileLevel` defaults to `level`. */
  readonly file?: string | undefined;
  readonly fileLevel?: LogLevel | undefined;
  /** Values that never appear. */
  readonly secrets?: readonly string[];
  /** Where lines go; default standard error. Takes whole lines. */
  readonly write?: (line: string) => void;
}

/** A log that can be closed. */
export interface Log extends Logger {
  /** Leaves out more secrets from now on. */
  hide(secrets: readonly string[]): void;
  /** Resolves when the file has every line; nothing is logged to it afterwards. */
  close(): Promise<void>;
}

const REDACTED = '[hidden]';
const SECRET_FIELD = /pass(word|wd)?$|secret|token|authorization|cookie|credential/i;
const URL_CREDENTIALS = /(\/\/)[^/@\s]{1,1024}@/g;
const MAX_TEXT = 2000;
const MAX_DEPTH = 4;
const MAX_ENTRIES = 100;
/** Shorter values would blot out ordinary words. */
const MIN_SECRET_LENGTH = 6;

/** Opens the log. A file that cannot be written is told once, and the rest of the log goes on. */
export function openLog(options: LoggingOptions): Log {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const terminal: DestinationStream = {
    write: (line) => write(options.format === 'json' ? line : prettyLine(line, options.colour)),
  };
  const streams = [{ level: pinoLevel(options.level), stream: terminal }];
  const file = options.file === undefined ? undefined : new LogFile(options.file, write);
  const fileLevel = options.fileLevel ?? options.level;
  if (file) streams.push({ level: pinoLevel(fileLevel), stream: file });
  const hidden = new Set<string>();
  const hide = (secrets: readonly string[]) => {
    for (const secret of secrets) if (secret.length >= MIN_SECRET_LENGTH) hidden.add(secret);
  };
  hide(options.secrets ?? []);
  const clean = cleaner(hidden);
  const base = pino(
    {
      level: wider(options.level, file ? fileLevel : 'silent'),
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      messageKey: 'message',
      formatters: { level: (label) => ({ level: label }) },
    },
    multistream(streams),
  );
  return { ...adapt(base, clean), hide, close: async () => file?.close() };
}

type PinoLogger = Pick<ReturnType<typeof pino>, 'isLevelEnabled' | 'error' | 'warn' | 'info' | 'debug'> & {
  child(fields: object): PinoLogger;
};
type Cleaner = (value: unknown, name?: string, depth?: number) => unknown;

function adapt(base: PinoLogger, clean: Cleaner): Logger {
  const log = (level: Exclude<LogLevel, 'silent'>) => (message: string, fields?: LogFields) => {
    if (base.isLevelEnabled(level)) base[level](clean(fields ?? {}) as object, String(clean(message)));
  };
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: (fields) => adapt(base.child(clean(fields) as object), clean),
  };
}

/** Makes a value fit for the log: bounded, one line each, without secrets. */
function cleaner(hidden: ReadonlySet<string>): Cleaner {
  const cleanString = (text: string) => {
    let plain = cleanText(text, MAX_TEXT).replace(URL_CREDENTIALS, `$1${REDACTED}@`);
    for (const secret of hidden) plain = plain.replaceAll(secret, REDACTED);
    return plain;
  };
  const clean: Cleaner = (value, name = '', depth = 0) => {
    if (SECRET_FIELD.test(name) && value !== undefined && value !== null) return REDACTED;
    if (typeof value === 'string') return cleanString(value);
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value;
    if (value instanceof Error) return cleanString(reasonOf(value));
    if (depth >= MAX_DEPTH) return '...';
    if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((item) => clean(item, '', depth + 1));
    const entries = Object.entries(value).slice(0, MAX_ENTRIES);
    return Object.fromEntries(entries.map(([key, item]) => [cleanString(key), clean(item, key, depth + 1)]));
  };
  return clean;
}

const ORDER: readonly LogLevel[] = ['silent', 'error', 'warn', 'info', 'debug'];

function wider(a: LogLevel, b: LogLevel): LogLevel {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}

/** Multistream knows no level `silent`; above `fatal` nothing passes, since we log nothing there. */
function pinoLevel(level: LogLevel): 'fatal' | Exclude<LogLevel, 'silent'> {
  return level === 'silent' ? 'fatal' : level;
}
