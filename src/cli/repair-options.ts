import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DistreamError, reasonOf } from '../core/errors.ts';
import { parseDurationMs } from '../modules/values.ts';
import { parseKey } from '../protocols/link/keys.ts';

const MAX_KEY_FILE_BYTES = 4096;
const SHARED_PREFIX = 'dsshared_';

/** `--repair-for` and `--key`, parsed. */
export interface RepairFlags {
  /** Milliseconds. */
  readonly repairFor: number;
  readonly key?: string;
}

/** Adds them to a command. */
export function addRepairOptions(command: Command, whatFor: string): Command {
  return command
    .addOption(new Option('--repair-for <time>', whatFor).argParser(time).default(60_000, '60s'))
    .option('--key <file>', 'shared key of sender and recorder for repair (`distream keygen --shared --out FILE`)');
}

/**
 * The shared key of `--key`: a file with it, or the key itself.
 * @throws DistreamError FILE_NOT_FOUND, FILE_UNREADABLE, USAGE
 */
export function sharedKeyOf({ key }: RepairFlags): Buffer | undefined {
  if (key === undefined) return undefined;
  const parsed = parseKey(key.startsWith(SHARED_PREFIX) ? key : readKeyFile(key), 'shared');
  if (parsed.kind !== 'invalid') return parsed.raw;
  throw new DistreamError('USAGE', { reason: `--key: ${parsed.reason}` });
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(0, MAX_KEY_FILE_BYTES);
  } catch (error) {
    const code = (error as { code?: unknown }).code === 'ENOENT' ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE';
    throw new DistreamError(code, { path, reason: reasonOf(error) }, { cause: error });
  }
}

function time(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 0) throw new InvalidArgumentError('Expected a time such as 10s or 5m.');
  return ms;
}
