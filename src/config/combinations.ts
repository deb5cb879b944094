/**
 * Options that are right alone and wrong together.
 * @module
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { ENCODER_PACKAGES, encodeSettingsOf } from '../modules/encode-options.ts';
import { isMap } from './config-tree.ts';
import { type ConfigPath, formatPath } from './problems.ts';
import type { ValidationContext } from './validate.ts';

interface Used {
  readonly module: { readonly type: string };
  readonly options: Record<string, unknown>;
  readonly path: ConfigPath;
}

/** Adds a problem where two modules claim the same mount (on the same port), the standard input or the same recording. */
export function checkCombinations(inputs: readonly Used[], outputs: readonly Used[], context: ValidationContext): void {
  const another = 'Give one of the two another.';
  const kinds = [
    { uses: inputs, claimOf: mountClaim, what: 'the mount ', code: 'CONFIG_INVALID', hint: another },
    { uses: outputs, claimOf: mountClaim, what: 'the mount ', code: 'CONFIG_INVALID', hint: another },
    { uses: outputs, claimOf: recordingClaim, what: 'the recording ', code: 'CONFIG_INVALID', hint: another },
    {
      uses: inputs,
      claimOf: standardInputClaim,
      what: '',
      code: 'MODULE_UNFIT',
      hint: 'Give one of the two a `path`.',
    },
  ] as const;
  for (const kind of kinds) claimOnce(kind, context);
  for (const output of outputs) {
    checkEncoder(output, context);
    checkHasPcm(output, inputs, context);
  }
}

/** An output that is to be encoded needs the package that does it. */
function checkEncoder({ options, path }: Used, { tree, problems }: ValidationContext): void {
  const codec = encodeSettingsOf(options)?.codec;
  if (codec === undefined) return;
  const name = ENCODER_PACKAGES[codec];
  try {
    createRequire(import.meta.url).resolve(name);
  } catch {
    const at = [...path, 'encode'];
    const reason = `the package ${name}, which encodes ${codec}, is not installed`;
    const hint = `Install it: npm install ${name}.`;
    problems.add('MODULE_UNFIT', { where: tree.where(at), reason, hint }, tree.positionOf(at));
  }
}

/** Inputs that never give PCM. */
const COMPRESSED_ONLY = new Set(['file']);

/** An output of PCM needs an input that may give some. */
function checkHasPcm({ module, options, path }: Used, inputs: readonly Used[], context: ValidationContext): void {
  if (module.type !== 'rtp' && !encodeSettingsOf(options)) return;
  const own = inputs.filter((input) => input.path[1] === path[1]);
  if (own.length === 0 || !own.every((input) => COMPRESSED_ONLY.has(input.module.type))) return;
  const { tree, problems } = context;
  const what = module.type === 'rtp' ? 'RTP carries PCM only' : '`encode` takes PCM';
  const reason = `${what}, and the stream's input ${own[0]!.module.type} gives audio that is encoded already`;
  const hint = 'Use the input `wav` or `rtp`.';
  problems.add('MODULE_UNFIT', { where: tree.where(path), reason, hint }, tree.positionOf(path));
}

function mountClaim({ options }: Used): string | undefined {
  if (typeof options.mount !== 'string') return undefined;
  const listen = isMap(options.listen) ? `${String(options.listen.host)} ${String(options.listen.port)} ` : '';
  return listen + options.mount;
}

function recordingClaim({ module, options, path }: Used, { baseDir }: ValidationContext): string | undefined {
  if (module.type !== 'recorder' || typeof options.path !== 'string') return undefined;
  return resolve(baseDir, options.path.replaceAll('%{stream}', String(path[1])));
}

function standardInputClaim({ module, options }: Used): string | undefined {
  return module.type === 'pipe' && options.path === undefined ? 'standard input' : undefined;
}

interface ClaimKind {
  readonly uses: readonly Used[];
  claimOf(use: Used, context: ValidationContext): string | undefined;
  /** Before the claim itself, for people. */
  readonly what: string;
  readonly code: 'CONFIG_INVALID' | 'MODULE_UNFIT';
  readonly hint: string;
}

function claimOnce({ uses, claimOf, what, code, hint }: ClaimKind, context: ValidationContext): void {
  const { tree, problems } = context;
  const holders = new Map<string, ConfigPath>();
  for (const use of uses) {
    const claim = claimOf(use, context);
    if (claim === undefined) continue;
    const holder = holders.get(claim);
    if (!holder) {
      holders.set(claim, use.path);
      continue;
    }
    const position = tree.positionOf(use.path);
    const reason = `${what}${claim} is claimed already by ${formatPath(holder)}`;
    problems.add(code, { where: tree.where(use.path), reason, hint }, position);
  }
}
