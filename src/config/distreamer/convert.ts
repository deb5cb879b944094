/**
 * DiStreamer's configuration as the tree of a YAML file that means the same,
 * so that one validation serves both, and `distream check` shows the way over.
 * @module
 */
import { resolve } from 'node:path';
import type { LogLevel } from '../../core/logger.ts';
import { type ConfigMap, ConfigTree, type ConfigValue, newMap, pathKey } from '../config-tree.ts';
import { nearest } from '../nearest.ts';
import type { ConfigPath, Position } from '../problems.ts';
import type { Ini, IniSection } from './ini.ts';
import { GENERAL_KEYS, INPUT_MODES, type KeySpecs, OUTPUT_MODES } from './keys.ts';
import { type ReaderContext, SectionReader } from './section-reader.ts';

/** What a conversion is given. */
export interface ConvertOptions extends ReaderContext {
  readonly origin: string;
  /** Names the stream of the sections `[INPUT]` and `[OUTPUT]`. */
  readonly streamName: string;
  /** Where LOGFILE lies when it is relative. */
  readonly workingDir: string;
}

/** What a module's options have to say: the option, its value, the key it comes from. */
type Options = readonly (readonly [option: string, value: ConfigValue, key: string])[];

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'info', 'debug'];

/** Converts a file. Problems and warnings go to the options' lists. */
export function convertIni(ini: Ini, options: ConvertOptions): ConfigTree {
  const writer = new TreeWriter();
  const general = ini.get('GENERAL');
  if (general) convertGeneral(new SectionReader(general, GENERAL_KEYS, undefined, options), writer, options.workingDir);
  for (const section of ini.values()) {
    if (!/^(GENERAL|INPUT|OUTPUT)( |$)/.test(section.name)) {
      options.warnings.push(`${section.where}: there is no such section; it is ignored`);
    }
  }
  for (const [suffix, name] of streamNames(ini, options.streamName)) convertStream(ini, suffix, name, writer, options);
  return new ConfigTree(options.origin, writer.root, writer.positions, writer.labels);
}

/** `[INPUT]` and `[OUTPUT]` make the file's stream; `[INPUT jazz]` and `[OUTPUT jazz]` one more, named jazz. */
function streamNames(ini: Ini, mainName: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const { name, title } of ini.values()) {
    const match = /^(?:INPUT|OUTPUT)(?: (.*))?$/.exec(name);
    if (match) names.set(match[1] ?? '', match[1] === undefined ? mainName : title.replace(/^\S+\s+/, ''));
  }
  if (!names.size) names.set('', mainName);
  return names;
}

function convertGeneral(reader: SectionReader, writer: TreeWriter, workingDir: string): void {
  const level = (key: string) => LEVELS[reader.number(key, 0, 4)]!;
  writer.put(['log', 'level'], level('OUTPUTLEVEL'), reader, 'OUTPUTLEVEL');
  const file = reader.text('LOGFILE');
  if (file === '' || file === '/dev/null') return;
  writer.put(['log', 'file'], resolve(workingDir, file), reader, 'LOGFILE');
  writer.put(['log', 'fileLevel'], level('LOGLEVEL'), reader, 'LOGLEVEL');
}

function convertStream(ini: Ini, suffix: string, name: string, writer: TreeWriter, options: ConvertOptions): void {
  const input = openMode(ini, 'INPUT', suffix, INPUT_MODES, options);
  const output = openMode(ini, 'OUTPUT', suffix, OUTPUT_MODES, options);
  if (!input || !output) return;
  const stream: ConfigPath = ['streams', name];
  const fragments = sizeOf(input);
  writer.put([...stream, 'buffer'], `${fragments.count * fragments.size}B`, input.reader, 'FRAGMENTSNUMBER');
  const minFragments = minimumFragments(output, fragments.count, options);
  writer.put([...stream, 'reserve'], `${minFragments * fragments.size}B`, output.reader, 'MINFRAGMENTS');
  writer.put([...stream, 'start'], minFragments ? 'full' : 'now', output.reader, 'MINFRAGMENTS');
  if (!HAS_BUFFER.has(input.mode)) {
    writer.put([...stream, 'silence'], SILENCE_BETWEEN_FRAGMENTS, input.reader, 'MODE');
  }
  const [inputType, inputOptions] = INPUTS[input.mode]!(input.reader);
  writer.module([...stream, 'input'], inputType, inputOptions, input.reader);
  const [outputType, outputOptions] = OUTPUTS[output.mode]!(output.reader, fragments, icyInterval(input));
  writer.list([...stream, 'outputs']);
  writer.module([...stream, 'outputs', 0], outputType, outputOptions, output.reader);
}

interface OpenMode {
  readonly mode: string;
  readonly reader: SectionReader;
}

/** The section's mode, when it is one that runs; otherwise a problem that says which do. */
function openMode(
  ini: Ini,
  family: 'INPUT' | 'OUTPUT',
  suffix: string,
  modes: Readonly<Record<string, KeySpecs>>,
  options: ConvertOptions,
): OpenMode | undefined {
  const title = suffix ? `${family} ${suffix}` : family;
  const section = ini.get(title);
  const entry = section?.entries.get('MODE');
  const allowed = Object.keys(modes);
  const where = entry?.where ?? section?.where ?? options.origin;
  const fail = (reason: string, hint: string) => {
    options.problems.add('CONFIG_INVALID', { where, reason, hint }, entry?.position ?? section?.position);
    return undefined;
  };
  const works = `These modes work: ${allowed.join(', ')}.`;
  if (!section) return fail(`the section [${title}] is missing`, `Add it with MODE and its keys. ${works}`);
  if (!entry) return fail('the key MODE is missing', works);
  const mode = allowed.find((one) => one.toLowerCase() === entry.value.toLowerCase());
  if (mode) return { mode, reader: new SectionReader(section as IniSection, modes[mode]!, mode, options) };
  const likely = nearest(entry.value, allowed);
  return fail('there is no such mode', `${likely ? `Did you mean ${likely}? ` : ''}${works}`);
}

interface Fragments {
  readonly count: number;
  readonly size: number;
}

const HAS_BUFFER = new Set(['ShoutcastClient', 'ShoutcastSourceServer']);
/** From another DiStreamer audio comes a fragment at a time: 80 KiB are 10 s at 64 kbit/s. */
const SILENCE_BETWEEN_FRAGMENTS = '12s';

function sizeOf({ mode, reader }: OpenMode): Fragments {
  if (!HAS_BUFFER.has(mode)) return { count: 5, size: 81_920 };
  return {
    count: reader.number('FRAGMENTSNUMBER', 1, 65_536),
    size: reader.number('FRAGMENTSIZE', 256, 4 * 2 ** 20),
  };
}

function minimumFragments({ mode, reader }: OpenMode, held: number, { warnings }: ConvertOptions): number {
  if (mode !== 'ShoutcastServer') return 0;
  const wanted = reader.number('MINFRAGMENTS', 0, 100_000);
  if (wanted <= held) return wanted;
  const reason = `the buffer holds only ${held} fragments, so ${held} are waited for`;
  if (reader.entry('MINFRAGMENTS')) warnings.push(`${reader.whereOf('MINFRAGMENTS')}: ${reason}`);
  return held;
}

/** Without titles from the source the original put no metadata into its fragments: its players could then do without. */
function icyInterval({ mode, reader }: OpenMode): number | undefined {
  if (mode === 'ShoutcastClient' && /^(no|false|f|0)$/i.test(reader.text('GETMETADATA'))) return 0;
  return mode === 'ShoutcastSourceServer' && reader.entry('ICYINT') ? reader.number('ICYINT', 0, 1_048_576) : undefined;
}

const seconds = (reader: SectionReader, key: string) => `${reader.number(key)}s`;

function listenOf(reader: SectionReader, maxPort = 65_535): ConfigMap {
  return Object.assign(newMap(), {
    host: reader.text('HOSTNAME') || '0.0.0.0',
    port: reader.number('PORT', 1, maxPort),
  });
}

/** DiStreamer's addresses are often written without `http://`. */
function urlOf(reader: SectionReader, key: string): string {
  const url = reader.required(key);
  return url === '' || /^[a-z]+:\/\//i.test(url) ? url : `http://${url}`;
}

/** What all modes have that listen for another DiStreamer. */
function listenOptions(reader: SectionReader): Options {
  return [
    ['listen', listenOf(reader), 'PORT'],
    ['password', reader.text('PASSWORD'), 'PASSWORD'],
  ];
}

/** What all modes have that connect to another DiStreamer. */
function peerOptions(reader: SectionReader, timeoutKey: string, intervalKey?: string): Options {
  return [
    ['url', urlOf(reader, 'SERVERURL'), 'SERVERURL'],
    ['password', reader.text('PASSWORD'), 'PASSWORD'],
    ['timeout', seconds(reader, timeoutKey), timeoutKey],
    ...(intervalKey === undefined ? [] : [['interval', seconds(reader, intervalKey), intervalKey] as const]),
  ];
}

/** What all modes have that send fragments. */
function storeOptions({ count, size }: Fragments, icyInt: number | undefined): Options {
  return [
    ['fragmentSize', `${size}B`, 'MODE'],
    ['fragments', count, 'MODE'],
    ...(icyInt === undefined ? [] : [['metadataInterval', icyInt, 'MODE'] as const]),
  ];
}

const INPUTS: Readonly<Record<string, (reader: SectionReader) => [string, Options]>> = {
  ShoutcastClient: (reader) => [
    'icecast',
    [
      ['url', urlOf(reader, 'STREAMURL'), 'STREAMURL'],
      ['metadata', reader.boolean('GETMETADATA'), 'GETMETADATA'],
      ['timeout', seconds(reader, 'HTTPTIMEOUT'), 'HTTPTIMEOUT'],
    ],
  ],
  ShoutcastSourceServer: (reader) => [
    'distreamer-source-server',
    [
      ['listen', listenOf(reader, 65_534), 'PORT'],
      ['password', reader.text('PASSWORD'), 'PASSWORD'],
      ['timeout', seconds(reader, 'TIMEOUT'), 'TIMEOUT'],
      ['timeKeyInterval', reader.number('TIMEKEYINTERVAL', -1), 'TIMEKEYINTERVAL'],
    ],
  ],
  DiStreamerPersClient: (reader) => ['distreamer-pers-client', peerOptions(reader, 'HTTPTIMEOUT')],
  DiStreamerPersRevServer: (reader) => [
    'distreamer-pers-rev-server',
    [...listenOptions(reader), ['timeout', seconds(reader, 'TIMEOUT'), 'TIMEOUT']],
  ],
  DiStreamerClient: (reader) => ['distreamer-client', peerOptions(reader, 'HTTPTIMEOUT', 'HTTPINTERVAL')],
  DiStreamerRevServer: (reader) => ['distreamer-rev-server', listenOptions(reader)],
};

type ConvertOutput = (reader: SectionReader, fragments: Fragments, icyInt: number | undefined) => [string, Options];

const OUTPUTS: Readonly<Record<string, ConvertOutput>> = {
  ShoutcastServer: (reader, _fragments, icyInt) => [
    'distreamer-shoutcast-server',
    [
      ['listen', listenOf(reader), 'PORT'],
      ['requireUrl', reader.text('REQUIREURL').replace(/^\//, ''), 'REQUIREURL'],
      ['timeout', seconds(reader, 'TIMEOUT'), 'TIMEOUT'],
      ...(icyInt === undefined ? [] : [['metadataInterval', icyInt, 'MODE'] as const]),
    ],
  ],
  DiStreamerPersServer: (reader, fragments, icyInt) => [
    'distreamer-pers-server',
    [
      ...listenOptions(reader),
      ['interval', seconds(reader, 'INTERVAL'), 'INTERVAL'],
      ...storeOptions(fragments, icyInt),
    ],
  ],
  DiStreamerPersRevClient: (reader, fragments, icyInt) => [
    'distreamer-pers-rev-client',
    [...peerOptions(reader, 'TIMEOUT', 'INTERVAL'), ...storeOptions(fragments, icyInt)],
  ],
  DiStreamerServer: (reader, fragments, icyInt) => [
    'distreamer-server',
    [...listenOptions(reader), ...storeOptions(fragments, icyInt)],
  ],
  DiStreamerRevClient: (reader, fragments, icyInt) => [
    'distreamer-rev-client',
    [...peerOptions(reader, 'HTTPTIMEOUT', 'HTTPINTERVAL'), ...storeOptions(fragments, icyInt)],
  ],
};

/** Writes values into a tree and notes the INI key that each came from. */
class TreeWriter {
  readonly root = newMap();
  readonly positions = new Map<string, Position>();
  readonly labels = new Map<string, string>();

  put(path: ConfigPath, value: ConfigValue, reader: SectionReader, key: string): void {
    this.#parent(path)[path.at(-1)!] = value;
    const position = reader.positionOf(key);
    if (position) this.positions.set(pathKey(path), position);
    this.labels.set(pathKey(path), reader.whereOf(key));
  }

  list(path: ConfigPath): void {
    this.#parent(path)[path.at(-1)!] = [];
  }

  module(path: ConfigPath, type: string, options: Options, reader: SectionReader): void {
    this.put(path, newMap(), reader, 'MODE');
    this.put([...path, 'type'], type, reader, 'MODE');
    for (const [option, value, key] of options) this.put([...path, option], value, reader, key);
  }

  #parent(path: ConfigPath): Record<string | number, ConfigValue> {
    let map = this.root as Record<string | number, ConfigValue>;
    for (const key of path.slice(0, -1)) {
      map[key] ??= newMap();
      map = map[key] as unknown as Record<string | number, ConfigValue>;
    }
    return map;
  }
}
