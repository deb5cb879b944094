import { ERRORS, type ErrorCode } from './error-codes.ts';

/** The values that fill an error's message template. Never put a secret here. */
export type ErrorDetails = Record<string, string | number>;

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? ''));
}

/**
 * An error for people: stable `code`, one-line `message`, `remedy` and link.
 * Thrown by everything above the codecs; a lower error is kept as `cause`.
 */
export class DistreamError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly remedy: string;
  readonly exitCode: number;
  /** Several things that are wrong at once, a line each below the message. */
  readonly lines: readonly string[];

  constructor(
    code: ErrorCode,
    details: ErrorDetails = {},
    { lines = [], ...options }: { cause?: unknown; lines?: readonly string[] } = {},
  ) {
    super(fill(ERRORS[code].message, details), options);
    this.lines = lines;
    this.name = 'DistreamError';
    this.code = code;
    this.details = details;
    this.remedy = fill(ERRORS[code].remedy, details);
    this.exitCode = ERRORS[code].exit;
  }

  /** Where the error is explained. */
  get docs(): string {
    return `docs/errors.md#${this.code.toLowerCase()}`;
  }
}

/**
 * A peer sent bytes that its protocol does not allow. A decoder owns no
 * connection, so it throws this; the owner of the connection closes it.
 */
export class ProtocolViolation extends Error {
  constructor(reason: string, options?: { cause?: unknown }) {
    super(reason, options);
    this.name = 'ProtocolViolation';
  }
}

/** The short reason of any thrown value, for a message or a status field; one line, bounded. */
export function reasonOf(error: unknown): string {
  if (error instanceof DistreamError || error instanceof ProtocolViolation) return error.message;
  const system = error as { code?: unknown; message?: unknown };
  const known = typeof system?.code === 'string' ? SYSTEM_REASONS[system.code] : undefined;
  const text = known ?? (typeof system?.message === 'string' ? system.message : String(error));
  return text.replace(/\s+/g, ' ').slice(0, 300);
}

const SYSTEM_REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'the local address is not on this machine',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name server does not answer',
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'it is a folder',
  ENOTDIR: 'part of the path is not a folder',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'no file may be that large here',
  EROFS: 'the disk is read-only',
  EIO: 'the disk failed',
  EMFILE: 'too many open files',
};
