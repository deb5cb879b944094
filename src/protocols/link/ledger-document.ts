/**
 * A ledger as JSON: what a node answers and what lies beside a recording.
 * @module
 */
import { z } from 'zod';
import type { LedgerSnapshot } from './ledger.ts';

/** More blocks than any ledger holds that this program writes. */
const MAX_BLOCKS = 1 << 17;
const MAX_GAPS = 10_000;

const whole = () => z.int().min(0);
const epoch = () => z.string().max(64);
const utcMs = () => z.number().describe('UTC in milliseconds since 1970');
const sha256 = () => z.string().regex(/^[0-9a-f]{64}$/);

const block = z.object({
  epoch: epoch(),
  firstByte: whole().describe('Audio byte of the epoch at which the block begins'),
  bytes: whole().describe('65,536, but for the first and the last of a run'),
  utcMs: utcMs().describe(
    'When its first byte was accounted, UTC in milliseconds since 1970; in a recording the time of the audio',
  ),
  sha256: sha256().describe('Of its audio'),
  chain: sha256().describe(
    'SHA-256 over the hexadecimal chain of the block before (nothing for the first) and this `sha256`',
  ),
});

const gap = z.object({
  cause: z.string().max(64),
  epoch: epoch(),
  atByte: whole().describe('The audio before it ends here'),
  lostMs: z.number().optional().describe('Missing when not known'),
  utcMs: utcMs(),
});

/** A ledger as JSON. */
export const ledgerDocumentSchema = z.object({
  version: z.literal(1),
  stream: z.string().max(256),
  ticksPerSecond: z.int().min(1),
  audioBytes: whole().describe('All audio since the ledger began, also what `blocks` no longer holds'),
  ticks: z.number().min(0).describe('Its duration'),
  epoch: epoch().optional().describe('The newest run of audio; missing before the first audio'),
  firstByte: whole().optional().describe('Where the first run begins'),
  endByte: whole().optional().describe('Where the newest run ends'),
  gapCount: whole(),
  repeatCount: whole(),
  headerBytes: whole().optional().describe('Of a recording: bytes in the file that are no audio, such as Ogg headers'),
  gaps: z.array(gap).max(MAX_GAPS),
  blocks: z.array(block).max(MAX_BLOCKS).describe('The newest; the last one may still be growing'),
});

/** What stands in a ledger besides its account. */
export interface LedgerFacts {
  readonly stream: string;
  readonly ticksPerSecond: number;
  readonly headerBytes?: number;
}

/** A ledger that was read. */
export interface LedgerDocument extends LedgerFacts {
  readonly ledger: LedgerSnapshot;
}

/** The JSON of a ledger, on one line. */
export function writeLedgerDocument(ledger: LedgerSnapshot, facts: LedgerFacts): string {
  const document: z.input<typeof ledgerDocumentSchema> = {
    version: 1,
    ...facts,
    ...ledger,
    gaps: [...ledger.gaps],
    blocks: [...ledger.blocks],
  };
  return JSON.stringify(document);
}

/** Reads the JSON of a ledger; undefined when it is none that this version knows. */
export function readLedgerDocument(text: string): LedgerDocument | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = ledgerDocumentSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { version: _version, stream, ticksPerSecond, headerBytes, gaps, ...ledger } = parsed.data;
  return {
    stream,
    ticksPerSecond,
    ...(headerBytes === undefined ? {} : { headerBytes }),
    ledger: {
      ...ledger,
      epoch: ledger.epoch,
      firstByte: ledger.firstByte,
      endByte: ledger.endByte,
      gaps: gaps.map((one) => ({ ...one, lostMs: one.lostMs })),
    },
  };
}

/** The blocks and gaps of a span of time; totals stay those of the whole. A block belongs to the time of its first byte. */
export function ledgerWithin(ledger: LedgerSnapshot, fromUtcMs: number, toUtcMs: number): LedgerSnapshot {
  const isWithin = ({ utcMs }: { readonly utcMs: number }) => utcMs >= fromUtcMs && utcMs < toUtcMs;
  return { ...ledger, gaps: ledger.gaps.filter(isWithin), blocks: ledger.blocks.filter(isWithin) };
}
