import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeIo } from '../../test/support/fake-io.ts';
import { plainFmt, wavChunk, wavFile } from '../../test/support/wav.ts';
import type { RawFileReport } from '../tracks/raw/send-raw.ts';
import { progressLine, reportLines, runAudiostreamer } from './audiostreamer.ts';

const folder = mkdtempSync(join(tmpdir(), 'distream-audiostreamer-'));

function file(name: string, bytes: Buffer): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

async function run(...args: string[]): Promise<[number, string]> {
  const io = new FakeIo();
  const code = await runAudiostreamer(args, io);
  return [code, io.stdout + io.stderr];
}

const data = wavChunk('data', Buffer.alloc(960));
const whole = wavFile([wavChunk('fmt ', plainFmt()), data]);
const good = file('good.wav', whole);
const adpcm = file('adpcm.wav', wavFile([wavChunk('fmt ', plainFmt({ tag: 2 })), data]));
const cut = file('cut.wav', whole.subarray(0, 36));

describe('audiostreamer', () => {
  it.each([
    ['a file that is not there', 1, ['--wav_file', good, join(folder, 'none.wav')], /none\.wav: no such file/],
    ['a folder', 1, ['--wav_file', folder], /it is a folder/],
    ['something else', 1, ['--wav_file', file('x.wav', Buffer.from('<html>'.repeat(20)))], /not RIFF\/WAVE/],
    ['an empty file', 1, ['--wav_file', file('empty.wav', Buffer.alloc(0))], /is empty/],
    ['a compressed file', 1, ['--wav_file', adpcm], /compressed.*ADPCM/],
    ['a file without audio', 1, ['--wav_file', cut], /ends before its audio/],
    ['no file', 2, ['--port', '20000'], /--wav_file/],
    ['a wrong port', 2, ['--wav_file', good, '--port', '70000'], /1 to 65535/],
    ['a wrong delay', 2, ['--wav_file', good, '--delay_ms', '0'], /0\.1 to 1000/],
    ['a name without address', 5, ['--wav_file', good, '--ip', 'nowhere.invalid'], /cannot reach nowhere\.invalid/],
  ])('says in one message what is wrong: %s', async (_, code, args, message) => {
    const [exit, text] = await run(...args);
    expect([exit, text.match(/error:/g)?.length]).toEqual([code, 1]);
    expect(text).toMatch(message);
  });

  it('shows its options with their defaults, and examples', async () => {
    const [exit, text] = await run('--help');
    expect(exit).toBe(0);
    for (const part of ['"localhost"', '12345', 'default: 10', '--wav_file <files...>', 'Examples:', 'Exit codes:']) {
      expect(text).toContain(part);
    }
  });

  const report: RawFileReport = {
    path: 'a.wav',
    sourcePort: 40_000,
    sentSeconds: 2.5,
    isDone: false,
    aheadMs: 3.21,
    datagrams: 250,
    bytes: 1,
    lost: 0,
    refused: 0,
  };

  it('tells how far ahead or behind it is', () => {
    expect(progressLine(report)).toBe('a.wav: 2.500 s sent, 3.2 ms ahead');
    expect(progressLine({ ...report, aheadMs: -1.26 })).toBe('a.wav: 2.500 s sent, 1.3 ms behind');
    expect(progressLine({ ...report, isDone: true, aheadMs: -500 })).toBe('a.wav: all of 2.500 s sent');
  });

  it('reports what did not arrive as far as it can know', () => {
    const lateness = { count: 250, p50Ms: 0.01, p99Ms: 0.2, p999Ms: 1, maxMs: 3 };
    expect(reportLines({ files: [report, { ...report, lost: 2, refused: 9 }], lateness })).toEqual([
      'a.wav: 2.500 s in 250 datagrams from port 40000',
      'a.wav: 2.500 s in 250 datagrams from port 40000; 2 could not be sent; nobody listened at the port (at least for a time)',
      'left after their time by 0.010 ms (half of them), 0.200 ms (99 of 100), 3.0 ms (the worst)',
    ]);
  });
});
