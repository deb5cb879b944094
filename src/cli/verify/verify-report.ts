import type { BytesVerdict } from '../../protocols/link/ledger-bytes.ts';
import {
  compareLedgers,
  type LedgerComparison,
  type LedgerDifference,
} from '../../protocols/link/ledger-comparison.ts';
import { ledgerWithin } from '../../protocols/link/ledger-document.ts';
import type { SourcedLedger } from './ledger-source.ts';

/** How two ledgers relate. */
export type VerifyResult = 'identical' | 'different' | 'incomparable';

/** All that `distream verify` found. */
export interface VerifyReport {
  readonly result: VerifyResult;
  readonly comparison: LedgerComparison;
  readonly first: SourcedLedger;
  readonly second: SourcedLedger;
}

/** A span of time by the clock of the first ledger, UTC in milliseconds. */
export interface TimeSpan {
  readonly fromUtcMs: number;
  readonly toUtcMs: number;
}

/** Differences that are shown to people; JSON has all. */
const MAX_SHOWN = 20;

/** Compares two ledgers, and with a span of time only what the first one dates in it. */
export function verify(first: SourcedLedger, second: SourcedLedger, span: TimeSpan): VerifyReport {
  const within = ledgerWithin(first.ledger, span.fromUtcMs, span.toUtcMs);
  const comparison = compareLedgers(within, second.ledger);
  const isFalse = [first, second].some(({ bytes }) => bytes !== undefined && !isTrue(bytes));
  const isDifferent = comparison.differences.length > 0 || isFalse;
  const result = isDifferent ? 'different' : comparison.identicalBytes > 0 ? 'identical' : 'incomparable';
  return { result, comparison, first: { ...first, ledger: within }, second };
}

/** The bytes of a recording are those of its ledger. */
function isTrue({ different, missingBytes }: BytesVerdict): boolean {
  return different === undefined && missingBytes === 0;
}

/** The report for programs. */
export function verifyJson({ result, comparison, first, second }: VerifyReport) {
  const { differences, fromUtcMs, toUtcMs, ...rest } = comparison;
  return {
    result,
    ...rest,
    ...(fromUtcMs === undefined || toUtcMs === undefined ? {} : { from: iso(fromUtcMs), to: iso(toUtcMs) }),
    differences: differences.map(({ utcMs, ...difference }) => ({ ...difference, at: iso(utcMs) })),
    first: sideJson(first),
    second: sideJson(second),
  };
}

function sideJson({ source, stream, bytes, hasHeaders, ledger }: SourcedLedger) {
  return { source, stream, blocks: ledger.blocks.length, hasHeaders, ...(bytes ? { recording: bytes } : {}) };
}

/** The report for people. */
export function verifyText(report: VerifyReport): string {
  const { comparison, first, second } = report;
  const lines = [headline(report)];
  for (const difference of comparison.differences.slice(0, MAX_SHOWN))
    lines.push(`  ${differenceLine(difference, report)}`);
  const more = comparison.differences.length - MAX_SHOWN;
  if (more > 0) lines.push(`  and ${more} more; --json names them all`);
  if (comparison.uncomparedBytes > 0 && comparison.identicalBytes > 0) {
    lines.push(
      `not compared: ${size(comparison.uncomparedBytes)} that both have, at the beginning, the end or beside a gap, where there are no whole blocks`,
    );
  }
  if (report.result === 'incomparable') lines.push(...[first, second].map(extentLine));
  lines.push(...[first, second].flatMap(recordingLines));
  return `${lines.join('\n')}\n`;
}

function headline({ result, comparison, first, second }: VerifyReport): string {
  const { identicalBytes, uncomparedBytes, differences, epochs, fromUtcMs = 0, toUtcMs = 0 } = comparison;
  if (result === 'incomparable') {
    const reason =
      uncomparedBytes > 0
        ? `what both have (${size(uncomparedBytes)}) holds no whole block of 64 KiB`
        : 'they have no audio in common';
    return `cannot be compared: ${reason}`;
  }
  const facts = [
    size(identicalBytes),
    `${duration(toUtcMs - fromUtcMs)} (${clock(fromUtcMs)} to ${clock(toUtcMs)} UTC)`,
    `epoch ${epochs.slice(0, 3).join(', ')}${epochs.length > 3 ? ` and ${epochs.length - 3} more` : ''}`,
  ];
  if (result === 'identical') return `bit-identical: ${facts.join(', ')}`;
  const same = identicalBytes > 0 ? `; the same: ${facts.join(', ')}` : '';
  if (differences.length > 0)
    return `different: ${differences.length} ${differences.length === 1 ? 'place' : 'places'}${same}`;
  const wrong = [first, second].filter(({ bytes }) => bytes && !isTrue(bytes)).map(({ source }) => source);
  return `different: ${wrong.join(' and ')} ${wrong.length === 1 ? 'is' : 'are'} not as recorded${same}`;
}

function differenceLine(difference: LedgerDifference, { first, second }: VerifyReport): string {
  const { kind, epoch, firstByte, endByte, utcMs, cause } = difference;
  const place = `${clock(utcMs)} UTC  ${size(endByte - firstByte)} from byte ${firstByte} of ${epoch}`;
  const why = cause === undefined ? '' : ` (${cause})`;
  switch (kind) {
    case 'different':
      return `${place}: other bytes`;
    case 'only-first':
      return `${place}: missing in ${second.source}${why}`;
    case 'only-second':
      return `${place}: missing in ${first.source}${why}`;
    case 'repeated-first':
      return `${place}: twice in ${first.source}`;
    case 'repeated-second':
      return `${place}: twice in ${second.source}`;
  }
}

function extentLine({ source, ledger }: SourcedLedger): string {
  const [oldest, newest] = [ledger.blocks[0], ledger.blocks.at(-1)];
  if (!oldest || !newest) return `  ${source}: no audio in that time`;
  const epochs = new Set(ledger.blocks.map(({ epoch }) => epoch));
  const named = epochs.size === 1 ? `epoch ${oldest.epoch}` : `${epochs.size} epochs, the newest ${newest.epoch}`;
  return `  ${source}: ${iso(oldest.utcMs)} to ${iso(newest.utcMs)}, ${named}`;
}

function recordingLines({ source, bytes, hasHeaders }: SourcedLedger): string[] {
  if (hasHeaders)
    return [`${source}: its bytes were not checked, since headers stand between the audio; its ledger was`];
  if (!bytes) return [];
  const { checkedBytes, forgottenBytes, untoldBytes, different, missingBytes } = bytes;
  const lines: string[] = [];
  if (different) lines.push(`${source}: its bytes are not those of its ledger from byte ${different.at} on`);
  else
    lines.push(
      `${source}: ${size(checkedBytes)} of it were checked against its ledger's SHA-256 chain, and are the same`,
    );
  if (missingBytes > 0) lines.push(`${source}: the last ${size(missingBytes)} are missing`);
  if (forgottenBytes > 0) lines.push(`${source}: the first ${size(forgottenBytes)} are no longer in its ledger`);
  if (untoldBytes > 0) lines.push(`${source}: the last ${size(untoldBytes)} are not in its ledger yet`);
  return lines;
}

function size(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes >= 1e3 ? `${(bytes / 1e3).toFixed(1)} kB` : `${bytes} bytes`;
}

/** `1 h 0 min`, `12 min 5 s`, `40 s`. */
function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds / 60) % 60)} min`;
  return seconds >= 60 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${seconds} s`;
}

function clock(utcMs: number): string {
  return iso(utcMs).slice(11, 19);
}

// A ledger of strangers may hold any number.
function iso(utcMs: number): string {
  return new Date(Math.abs(utcMs) <= 8.64e15 ? utcMs : 0).toISOString();
}
