import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DistreamError } from '../core/errors.ts';
import { type LoggingOptions, openLog } from './logging.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(options: Partial<LoggingOptions> = {}) {
  const lines: string[] = [];
  const log = openLog({
    level: 'info',
    format: 'json',
    colour: false,
    write: (line) => void lines.push(line),
    ...options,
  });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> };
}

describe('openLog', () => {
  it('writes JSON lines with level, time, message and fields', () => {
    const { log, lines, last } = open();
    log.child({ stream: 'morning' }).info('the source connected', { address: '192.0.2.7', bytes: 5n });
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      stream: 'morning',
      address: '192.0.2.7',
      bytes: '5',
      message: 'the source connected',
    });
    expect(lines[0]?.endsWith('}\n')).toBe(true);
  });

  it('writes lines for people', () => {
    const { log, lines } = open({ format: 'pretty' });
    log.child({ stream: 'morning' }).warn('the source left', { reason: 'connection reset', after: 3 });
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d warn {2}morning the source left reason="connection reset" after=3\n$/);
    const coloured = open({ format: 'pretty', colour: true });
    coloured.log.error('x');
    expect(coloured.lines[0]).toContain('\u001b[31merror\u001b[0m');
  });

  it('keeps to its level; silent says nothing', () => {
    const { log, lines } = open({ level: 'warn' });
    log.info('no');
    log.debug('no');
    expect(lines).toEqual([]);
    log.error('yes');
    expect(lines).toHaveLength(1);
    const silent = open({ level: 'silent' });
    silent.log.error('no');
    expect(silent.lines).toEqual([]);
  });

  it('cleans what strangers wrote, in messages, fields and their names', () => {
    const { log, lines } = open({ format: 'pretty' });
    log.info('title \u001b[2J\r\n{"level":"error"}', { 'a\nb': 'x\u0007\u202ey', deep: { list: ['\u0000'] } });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it('hides secrets by name, by value and in addresses', () => {
    const { log, lines } = open({ secrets: ['canary-1', 'x'] });
    log.info('refused canary-1', {
      password: 'canary-2',
      headers: { Authorization: 'canary-3', 'set-cookie': ['canary-4'] },
      url: 'http://user:canary-5@host/path',
      error: new DistreamError('REFUSED', { url: 'http://u:canary-6@h/', reason: 'x' }),
      text: 'x marks the spot',
    });
    expect(lines.join()).not.toContain('canary');
    expect(lines.join()).toContain('x marks the spot');
  });

  it('is bounded, whatever it is given', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const { log, lines } = open();
    log.info('x'.repeat(100_000), { circle, many: Array(10_000).fill('y'), run: () => 1 });
    expect(lines[0]!.length).toBeLessThan(10_000);
  });

  it('writes to a file too, at its own level', async () => {
    const file = join(folder, 'sub', 'a.log');
    const { log, lines } = open({ level: 'error', file, fileLevel: 'debug' });
    log.debug('detail');
    log.error('trouble');
    await log.close();
    expect(lines).toHaveLength(1);
    const messages = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { message: string }).message);
    expect(messages).toEqual(['detail', 'trouble']);
  });

  it.each([
    ['its folder is a file', (file: string) => join(file, 'a.log')],
    ['it is a folder', (file: string) => dirname(file)],
  ])('goes on without the file when %s, and says so once', async (_name, pathOf) => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const { log, lines } = open({ file: pathOf(file) });
    log.info('on air');
    await log.close();
    log.info('still on air');
    await log.close();
    expect(lines.filter((line) => line.startsWith('log file'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('on air'))).toHaveLength(2);
  });
});
