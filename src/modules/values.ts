/**
 * Building blocks of option schemas: values with units, secrets, mounts. An
 * option's schema is the one source of its type, default, documentation and
 * JSON Schema.
 * @module
 */
import { z } from 'zod';

const DURATION = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/;
const DURATION_UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const SIZE = /^(\d{1,12}(?:\.\d{1,3})?)(B|kB|KB|KiB|MB|MiB|GB|GiB)$/;
const SIZE_UNIT_BYTES: Record<string, number> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  KiB: 2 ** 10,
  MB: 1e6,
  MiB: 2 ** 20,
  GB: 1e9,
  GiB: 2 ** 30,
};

function scaled(text: string, pattern: RegExp, units: Record<string, number>): number | undefined {
  const match = pattern.exec(text);
  return match ? Math.round(Number(match[1]) * units[match[2]!]!) : undefined;
}

/** Milliseconds of a duration such as `500ms`, `25s`, `1.5h`; undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  return scaled(text, DURATION, DURATION_UNIT_MS);
}

/** Bytes of a size such as `80KiB` or `1.5MB`; undefined when it is none. */
export function parseSizeBytes(text: string): number | undefined {
  return scaled(text, SIZE, SIZE_UNIT_BYTES);
}

/** Bounds of a duration option, as the user would write them. */
interface DurationBounds {
  readonly min?: string;
  readonly max?: string;
}

/** An option that is written `25s` and read as milliseconds. */
export function durationMs(bounds: DurationBounds = {}) {
  const minMs = bounds.min ? parseDurationMs(bounds.min)! : 0;
  const maxMs = bounds.max ? parseDurationMs(bounds.max)! : Number.MAX_SAFE_INTEGER;
  return z
    .string({ error: 'expected a duration such as 500ms, 25s, 2m or 1h' })
    .regex(DURATION, 'expected a duration such as 500ms, 25s, 2m or 1h')
    .refine((text) => (parseDurationMs(text) ?? 0) >= minMs, `must be at least ${bounds.min}`)
    .refine((text) => (parseDurationMs(text) ?? 0) <= maxMs, `must be at most ${bounds.max}`)
    .transform((text) => parseDurationMs(text) ?? 0);
}

/** An option that is written `80KiB` and read as bytes. */
export function sizeBytes() {
  return z
    .string({ error: 'expected a size such as 80KiB, 500kB or 2MiB' })
    .regex(SIZE, 'expected a size such as 80KiB, 500kB or 2MiB')
    .transform((text) => parseSizeBytes(text) ?? 0);
}

const BIT_RATE = /^(\d{1,9}(?:\.\d{1,3})?)(bit|kbit|Mbit|Gbit)\/s$/;
const BIT_RATE_UNIT_BYTES: Record<string, number> = { bit: 1 / 8, kbit: 125, Mbit: 125_000, Gbit: 125_000_000 };

/** An option that is written as bits a second (`2Mbit/s`, `500kbit/s`) and read as bytes a second; at least 1,000. */
export function bytesPerSecond() {
  return z
    .string({ error: 'expected a rate such as 500kbit/s or 2Mbit/s' })
    .regex(BIT_RATE, 'expected a rate such as 500kbit/s or 2Mbit/s')
    .transform((text) => scaled(text, BIT_RATE, BIT_RATE_UNIT_BYTES) ?? 0)
    .refine((rate) => rate >= 1000, 'must be at least 8kbit/s');
}

/** A password or key. Written plainly, as `${ENV_NAME}` or as `{file: path}`; masked wherever the configuration is shown. */
export function secret() {
  return z.string().max(1024).meta({ secret: true });
}

/** A secret that, when left out, is made once at start and kept in the credentials file; modules then always find it set. */
export function generatedSecret() {
  return z.string().max(1024).meta({ secret: true, generate: true }).optional();
}

/** An amount of audio, by time or by bytes. */
export type Extent = { readonly ms: number } | { readonly bytes: number };

/** An option that is written as a duration (`60s`) or a size (`400KiB`) of audio. */
export function extent() {
  return z
    .string({ error: 'expected a duration such as 60s or a size such as 400KiB' })
    .refine(
      (text) => DURATION.test(text) || SIZE.test(text),
      'expected a duration such as 60s or a size such as 400KiB',
    )
    .transform((text): Extent => {
      const ms = parseDurationMs(text);
      return ms === undefined ? { bytes: parseSizeBytes(text) ?? 0 } : { ms };
    });
}

/** A mount: the path under which a stream is found. */
export function mountPath() {
  return z
    .string()
    .max(256)
    .regex(
      /^\/[A-Za-z0-9._~!$&'()*+,;=:@/-]*$/,
      'expected a path such as /live.mp3: it begins with / and holds letters, digits and .-_~',
    )
    .refine((path) => !/(^|\/)\.{1,2}(\/|$)|\/\//.test(path), 'the path must not hold //, /./ or /../');
}

/** `host` and `port` to listen on. */
export function listenAddress() {
  return z.strictObject({
    host: z.string().max(255).default('::').describe('Address to listen on; `::` is every address.'),
    port: z.int().min(0).max(65535).describe('TCP port.'),
  });
}
