import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FragmentSource, testFormat } from '../../../test/support/frames.ts';
import { diskError, MemoryDisk } from '../../../test/support/memory-disk.ts';
import { RecorderBench } from '../../../test/support/recording-output.ts';
import type { Fragment } from '../../core/fragment.ts';
import { ContinuityLedger } from '../../protocols/link/ledger.ts';
import { LedgerBytesCheck } from '../../protocols/link/ledger-bytes.ts';
import { compareLedgers } from '../../protocols/link/ledger-comparison.ts';
import { type LedgerDocument, readLedgerDocument } from '../../protocols/link/ledger-document.ts';
import { nodeFileSystem } from './file-system.ts';

function take(source: FragmentSource, count: number, overrides: Partial<Fragment> = {}): Fragment[] {
  return Array.from({ length: count }, () => source.next(overrides));
}

/** As long as an hour is in blocks: 8,000 bytes each. */
function longFragments(count: number): Fragment[] {
  const source = new FragmentSource();
  return take(source, count).map((fragment, index) => ({
    ...fragment,
    data: Buffer.alloc(8000, index),
    frameOffsets: [0],
    originByte: 500 + index * 8000,
  }));
}

function ledgerBeside(disk: MemoryDisk, path: string): LedgerDocument {
  return readLedgerDocument(disk.ledgers.get(`${path}.ledger.json`)!.toString())!;
}

function verdict(disk: MemoryDisk, path: string) {
  const check = new LedgerBytesCheck(ledgerBeside(disk, path).ledger);
  check.push(disk.contents[path]!);
  return check.verdict();
}

const SAME = { forgottenBytes: 0, untoldBytes: 0, different: undefined, missingBytes: 0 };

describe('the ledger of a recording', () => {
  it('tells of each file what is in it, as the stream itself does', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const fragments = longFragments(60);
    await bench.start({ path: 'x.mp3', maxDuration: '20s' });
    await bench.feed(...fragments);
    await bench.stop();
    expect([...disk.ledgers.keys()]).toEqual(['/rec/x.mp3.ledger.json', '/rec/x-2.mp3.ledger.json']);
    const stream = new ContinuityLedger(() => 0);
    for (const { originEpoch, originByte, data } of fragments) stream.audio(originEpoch, originByte, data, 500_000);
    for (const path of ['/rec/x.mp3', '/rec/x-2.mp3']) {
      expect(verdict(disk, path)).toEqual({ ...SAME, checkedBytes: disk.contents[path]!.length });
      const { ledger, ...facts } = ledgerBeside(disk, path);
      expect(facts).toEqual({ stream: 'test', ticksPerSecond: 1_000_000, headerBytes: 0 });
      expect(compareLedgers(ledger, stream.snapshot())).toMatchObject({ differences: [] });
      expect(compareLedgers(ledger, stream.snapshot()).identicalBytes).toBeGreaterThan(60_000);
    }
    const { ledger } = ledgerBeside(disk, '/rec/x-2.mp3');
    expect(ledger).toMatchObject({ firstByte: 500 + 40 * 8000, endByte: 500 + 60 * 8000, ticks: 20 * 500_000 });
    expect(ledger.blocks[0]!.utcMs).toBe(41 * 500);
    expect(bench.report.counters).toMatchObject({ ledgers_failed: 0 });
    expect(bench.clock.pendingCount).toBe(0);
  });

  it('lacks no more than the last seconds after a crash, and follows when no more audio comes', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    await bench.start({ path: 'x.mp3' });
    const fragments = take(new FragmentSource(), 60);
    for (const [index, fragment] of fragments.entries()) {
      await bench.feed(fragment);
      if (index < 12) continue;
      const told = ledgerBeside(disk, '/rec/x.mp3').ledger.audioBytes;
      expect((index + 1) * 1600 - told).toBeLessThanOrEqual(13 * 1600);
      expect(verdict(disk, '/rec/x.mp3')).toMatchObject({ different: undefined, missingBytes: 0 });
    }
    await bench.pass(6000);
    expect(ledgerBeside(disk, '/rec/x.mp3').ledger.audioBytes).toBe(60 * 1600);
    await bench.stop();
  });

  it('names gaps, also those that the recorder makes, and counts headers', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const format = testFormat({ codec: 'opus', contentType: 'audio/ogg', headers: Buffer.from('HEAD') });
    const source = new FragmentSource(format);
    await bench.start({ path: 'x.opus' });
    await bench.feed(...take(source, 2), source.next({ discontinuity: { cause: 'line-loss', lostMs: 700 } }));
    disk.fate = ({ name }) => (name === 'write' ? diskError('EIO') : undefined);
    await bench.feed(...take(source, 200));
    disk.fate = () => undefined;
    await bench.feed(...take(source, 20));
    await bench.stop();
    const paths = Object.keys(disk.contents);
    const ledgers = paths.map((path) => ledgerBeside(disk, path));
    expect(ledgers[0]!.ledger.gaps).toMatchObject([{ cause: 'line-loss', atByte: 3200, lostMs: 700 }]);
    expect(ledgers.at(-1)!.ledger.gaps).toMatchObject([{ cause: 'eviction', lostMs: expect.any(Number) }]);
    expect(ledgers.map(({ headerBytes }) => headerBytes)).toEqual(paths.map(() => 4));
  });

  it('tells only of what the disk confirmed', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    await bench.start({ path: 'x.mp3' });
    const source = new FragmentSource();
    await bench.feed(...take(source, 14));
    let failures = 0;
    disk.fate = ({ name }) => (name === 'sync' && failures++ < 1 ? diskError('EIO') : undefined);
    await bench.feed(...take(source, 20));
    await bench.stop();
    expect(Object.keys(disk.contents)).toEqual(['/rec/x.mp3', '/rec/x-2.mp3']);
    for (const [path, bytes] of Object.entries(disk.contents)) {
      expect(verdict(disk, path)).toEqual({ ...SAME, checkedBytes: bytes.length });
    }
  });

  it('is an extra: where it cannot be written the recording goes on, and it comes when it can', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    disk.fate = ({ name }) => (name === 'replace' ? diskError('EACCES') : undefined);
    await bench.start({ path: 'x.mp3' });
    const source = new FragmentSource();
    await bench.feed(...take(source, 30));
    expect(bench.report).toMatchObject({ state: 'recording', counters: { ledgers_failed: 4, failures: 0 } });
    expect(bench.lines.filter((line) => line.includes('ledger'))).toEqual([
      'the ledger beside /rec/x.mp3 cannot be written: permission denied',
    ]);
    disk.fate = () => undefined;
    await bench.feed(...take(source, 12));
    await bench.stop();
    expect(verdict(disk, '/rec/x.mp3')).toEqual({ ...SAME, checkedBytes: 42 * 1600 });
  });

  it('is not written when it is not wanted', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    await bench.start({ path: 'x.mp3', ledger: false });
    await bench.feed(...take(new FragmentSource(), 14));
    await bench.stop();
    expect(disk.ledgers.size).toBe(0);
  });
});

describe('replacing a file', () => {
  it('leaves one whole file and nothing else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'distream-ledger-'));
    const path = join(folder, 'x.json');
    writeFileSync(`${path}.tmp`, 'left by a crash');
    await nodeFileSystem.replace(path, Buffer.from('one'));
    await nodeFileSystem.replace(path, Buffer.from('two'));
    expect(readdirSync(folder)).toEqual(['x.json']);
    expect(readFileSync(path, 'utf8')).toBe('two');
    await expect(nodeFileSystem.replace(join(folder, 'none', 'x'), Buffer.from(''))).rejects.toThrow('ENOENT');
    rmSync(folder, { recursive: true });
  });
});
