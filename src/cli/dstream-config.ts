/**
 * DistribuStream's configuration files: YAML whose keys are Ruby symbols (`:port: 6086`) or plain (`port: 6086`).
 * @module
 */
import { readFileSync } from 'node:fs';
import { formatWhere, ProblemList } from '../config/problems.ts';
import { decodeConfigText, parseYaml } from '../config/yaml.ts';
import { DistreamError, reasonOf } from '../core/errors.ts';
import { DEFAULT_CHUNK_BYTES } from '../protocols/pdtp/chunks.ts';
import { DEFAULT_PDTP_PORT } from '../protocols/pdtp/pdtp-url.ts';
import { MAX_CHUNK_BYTES } from '../swarm/peer/giver.ts';

/** What a configuration file says, with the defaults of the original. */
export interface DstreamConfig {
  /** Name in URLs; empty: the host. */
  readonly vhost: string;
  /** Address to listen on; where a seed connects to. */
  readonly host: string;
  readonly port: number;
  /** First port that is tried for giving to peers. */
  readonly listenPort: number;
  readonly fileRoot: string;
  readonly chunkSize: number;
  readonly quiet: boolean;
  readonly requestUrl: string | undefined;
  readonly logfile: string | undefined;
  readonly daemonize: boolean;
}

/** The defaults of the original. */
export const DSTREAM_DEFAULTS: DstreamConfig = {
  vhost: '',
  host: '0.0.0.0',
  port: DEFAULT_PDTP_PORT,
  listenPort: 8000,
  fileRoot: '.',
  chunkSize: DEFAULT_CHUNK_BYTES,
  quiet: true,
  requestUrl: undefined,
  logfile: undefined,
  daemonize: false,
};

interface KeyRule {
  readonly name: keyof DstreamConfig;
  readonly wanted: string;
  fits(value: unknown): boolean;
}

const text = (name: keyof DstreamConfig): KeyRule => ({
  name,
  wanted: 'a text',
  fits: (value) => typeof value === 'string' && value.length > 0 && value.length <= 4096,
});
const whole = (name: keyof DstreamConfig, min: number, max: number): KeyRule => ({
  name,
  wanted: `a whole number from ${min} to ${max}`,
  fits: (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
});
const truth = (name: keyof DstreamConfig): KeyRule => ({
  name,
  wanted: 'true or false',
  fits: (value) => typeof value === 'boolean',
});

const KEYS: ReadonlyMap<string, KeyRule> = new Map([
  ['vhost', text('vhost')],
  ['host', text('host')],
  ['port', whole('port', 0, 65_534)],
  ['listen_port', whole('listenPort', 0, 65_535)],
  ['file_root', text('fileRoot')],
  ['chunk_size', whole('chunkSize', 1, MAX_CHUNK_BYTES)],
  ['quiet', truth('quiet')],
  ['request_url', text('requestUrl')],
  ['logfile', text('logfile')],
  ['daemonize', truth('daemonize')],
]);

/** Reads a configuration file. Throws CONFIG_NOT_FOUND, CONFIG_UNREADABLE, or a ConfigurationError with every problem. */
export function loadDstreamConfig(file: string): DstreamConfig {
  return parseDstreamConfig(decodeConfigText(readConfig(file), file), file);
}

/** Reads the text of a configuration; `origin` names it in errors. Throws a ConfigurationError with every problem. */
export function parseDstreamConfig(yaml: string, origin: string): DstreamConfig {
  const problems = new ProblemList();
  const tree = parseYaml(yaml, origin);
  const found = new Map<string, unknown>();
  for (const [written, value] of Object.entries(tree.root)) {
    const key = written.replace(/^:/, '').replace(/:$/, '');
    const rule = KEYS.get(key);
    const position = tree.positionOf([written]);
    const where = formatWhere(origin, position, [written]);
    const known = [...KEYS.keys()].join(', ');
    const invalid = (reason: string, hint: string) => problems.add('CONFIG_INVALID', { where, reason, hint }, position);
    if (!rule) invalid('there is no such setting', `Use one of: ${known}.`);
    else if (found.has(rule.name)) invalid('it is there twice', 'Leave one of them.');
    else if (!rule.fits(value)) invalid(`expected ${rule.wanted}`, 'Mend the value.');
    else found.set(rule.name, value);
  }
  problems.throwIfAny();
  return { ...DSTREAM_DEFAULTS, ...Object.fromEntries(found) };
}

function readConfig(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const isMissing = (error as { code?: unknown }).code === 'ENOENT';
    const code = isMissing ? 'CONFIG_NOT_FOUND' : 'CONFIG_UNREADABLE';
    throw new DistreamError(code, { file, reason: reasonOf(error) }, { cause: error });
  }
}
