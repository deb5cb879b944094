import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LedgerBytesCheck } from '../../src/protocols/link/ledger-bytes.ts';
import { readLedgerDocument } from '../../src/protocols/link/ledger-document.ts';
import { bytesOf, CODECS, makeAudio } from './support/audio.ts';
import { describeWith } from './support/binaries.ts';
import { run, start } from './support/child.ts';
import { startDistream } from './support/distream.ts';

const MP3 = CODECS[0]!;
/** Fragment and sync interval, and what the encoder had under way. */
const MAY_MISS_MS = 1500;

describeWith(['ffmpeg'], 'the recorder', () => {
  it('has all but the last second after a kill -9, and every file ends with a whole frame', async () => {
    const file = await makeAudio(MP3, 20);
    const node = await startDistream(`
  one:
    input: { type: source, mount: /in, password: e2e-secret }
    outputs: [{ type: recorder, path: "%{stream}/take.mp3", maxDuration: 3s }]`);
    const url = `icecast://source:e2e-secret@127.0.0.1:${node.port}/in`;
    start('ffmpeg', ['-v', 'error', '-re', '-i', file, '-c', 'copy', '-content_type', 'audio/mpeg', '-f', 'mp3', url]);
    const { buffer } = await node.stream(({ buffer: { heldSeconds } }) => heldSeconds > 8);
    await node.stop('SIGKILL');
    const folder = join(node.folder, 'one');
    const names = readdirSync(folder)
      .filter((name) => name.endsWith('.mp3'))
      .sort((a, b) => a.length - b.length || a.localeCompare(b));
    expect(names.length).toBeGreaterThanOrEqual(3);
    for (const name of names) {
      const document = readLedgerDocument(readFileSync(join(folder, `${name}.ledger.json`), 'utf8'));
      const check = new LedgerBytesCheck(document!.ledger);
      check.push(readFileSync(join(folder, name)));
      expect(check.verdict()).toMatchObject({ different: undefined, missingBytes: 0 });
    }
    const whole = Buffer.concat(names.map((name) => readFileSync(join(folder, name))));
    expect(bytesOf(file).includes(whole)).toBe(true);
    const seconds = (whole.length * 8) / 128_000;
    expect(seconds).toBeGreaterThan(buffer.heldSeconds - MAY_MISS_MS / 1000);
    for (const name of names) {
      const packets = await run('ffprobe', [
        ...['-v', 'error', '-show_entries', 'packet=size', '-of', 'csv=p=0', join(folder, name)],
      ]);
      const sizes = packets.toString().trim().split('\n').map(Number);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(readFileSync(join(folder, name)).length);
    }
  });
});
