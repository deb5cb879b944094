import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SegmentLog } from './segment-log.ts';

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'distream-journal-'));
  folder = join(root, 'a', 'b');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const ENTRIES = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(20, 7)];

function written(): string {
  const log = SegmentLog.open({ folder });
  log.begin({ name: 'first' });
  log.append(ENTRIES);
  log.begin({ name: 'second' });
  log.append([Buffer.from('x')]);
  log.append([Buffer.from('y')]);
  log.close();
  return folder;
}

const contentOf = (path: string) => {
  const log = SegmentLog.open({ folder: path });
  const found = log.read().map(({ header, entries, isIntact }) => ({ header, entries, isIntact }));
  log.close();
  return found;
};

describe('a segment log', () => {
  it('gives back what was appended, for the owner alone', () => {
    expect(contentOf(written())).toEqual([
      { header: { name: 'first' }, entries: ENTRIES, isIntact: true },
      { header: { name: 'second' }, entries: [Buffer.from('x'), Buffer.from('y')], isIntact: true },
    ]);
    const names = readdirSync(folder);
    expect(names).toEqual(['0000000001.journal', '0000000002.journal']);
    if (process.platform === 'win32') return;
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it('bears a tail that was cut off anywhere', () => {
    const file = join(written(), '0000000001.journal');
    const whole = readFileSync(file);
    for (let length = 0; length < whole.length; length++) {
      truncateSync(file, length);
      const [first] = contentOf(folder);
      expect(first!.isIntact).toBe(true);
      expect(ENTRIES.slice(0, first!.entries.length)).toEqual(first!.entries);
      writeFileSync(file, whole);
    }
  });

  it('finds each byte that is not as it was written', () => {
    const file = join(written(), '0000000001.journal');
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at++) {
      const spoilt = Buffer.from(whole);
      spoilt[at]! ^= 0x10;
      writeFileSync(file, spoilt);
      const [first] = contentOf(folder);
      // A length that is wrong looks as if the rest was cut off.
      const isAsWritten = first!.entries.every((entry, index) => entry.equals(ENTRIES[index]!));
      expect(isAsWritten, `byte ${at}`).toBe(true);
      expect(first!.isIntact && first!.entries.length === ENTRIES.length).toBe(false);
    }
  });

  it('removes the oldest, and goes on after what is there', () => {
    const log = SegmentLog.open({ folder: written() });
    log.begin({ name: 'third' });
    log.removeOldest();
    expect(log.read().map(({ header }) => header)).toEqual([{ name: 'second' }, { name: 'third' }]);
    log.clear();
    expect([log.segments, readdirSync(folder)]).toEqual([0, ['lock']]);
    log.close();
  });
});

describe('the lock of a folder', () => {
  it('keeps others out while it is held', () => {
    const log = SegmentLog.open({ folder });
    expect(() => SegmentLog.open({ folder })).toThrow('uses it');
    log.close();
    SegmentLog.open({ folder }).close();
  });

  it('keeps another process out, and is taken over when that was killed', async () => {
    written();
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")'], { stdio: 'pipe' });
    try {
      await once(other.stdout, 'data');
      writeFileSync(join(folder, 'lock'), `${other.pid} \n`);
      expect(() => SegmentLog.open({ folder })).toThrow(`another process (${other.pid}) uses it`);
      // The number of a process that was given again.
      if (process.platform === 'linux') {
        writeFileSync(join(folder, 'lock'), `${other.pid} 1\n`);
        SegmentLog.open({ folder }).close();
      }
      writeFileSync(join(folder, 'lock'), `${other.pid} \n`);
    } finally {
      other.kill('SIGKILL');
    }
    await once(other, 'exit');
    expect(contentOf(folder)).toHaveLength(2);
  });

  it.each(['', 'x', '-1 5', '999999999 1', `${process.pid} 1`])('takes over a folder whose lock says %j', (mark) => {
    written();
    writeFileSync(join(folder, 'lock'), mark);
    expect(contentOf(folder)).toHaveLength(2);
  });

  it('does not move with a copy', () => {
    const log = SegmentLog.open({ folder });
    log.begin({});
    const copy = join(root, 'copy');
    cpSync(folder, copy, { recursive: true });
    expect(contentOf(copy)).toHaveLength(1);
    log.close();
  });
});
