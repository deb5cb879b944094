import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { until } from './support/child.ts';
import { lossyNetwork, whyNoNamespaces } from './support/lossy-network.ts';
import { makeTracks, newFolder, onlyTake, samplesOf } from './support/recording.ts';

const BIN = fileURLToPath(new URL('../../bin/distream.js', import.meta.url));
const BYTES_A_SECOND = 48_000 * 3;
const FROM = ['--interface', '10.9.0.1'] as const;

async function stems(name: string, seconds: number): Promise<string> {
  const folder = newFolder();
  mkdirSync(join(folder, name));
  await makeTracks(join(folder, name), ['bass', 'drums'], seconds);
  return folder;
}

const reason = whyNoNamespaces();
if (reason) console.log(`skipped: sessions that come and go between two network namespaces: ${reason}`);

describe.skipIf(reason)('sessions that come and go between two network namespaces', { timeout: 180_000 }, () => {
  it('are proven each for its time when the sender is killed and started again, over a line that loses packets', async () => {
    const [here, there] = [await stems('stems', 7), newFolder()];
    const network = await lossyNetwork({ seed: 4, lossPercent: 2, delayMs: 10, jitterMs: 3 });
    const send = () => network.start('a', here, process.execPath, BIN, 'send', 'stems', '--no-account', ...FROM);
    try {
      const record = network.start('b', there, process.execPath, BIN, 'record', 'sap://stems', '--no-resend');
      await until('the recorder', () => record.errors().includes('Waiting for "stems"'));
      const first = send();
      await until('three seconds of the take', () => {
        const { path, files } = onlyTake(there);
        return files.length === 2 && files.every((file) => statSync(join(path, file)).size > 3 * BYTES_A_SECOND);
      });
      await first.stop('SIGKILL');
      const second = send();
      // The time between the two is silent, which is nobody's sound.
      expect(await record.exited, record.errors()).toBe(1);
      expect(await second.exited, second.errors()).toBe(0);
    } finally {
      await network.close();
    }
    const { path, account } = onlyTake(there);
    expect(account!.verdict.words).toBe(
      'All 2 tracks are identical to what was sent meanwhile; the sender was started again, and each of its sessions is proven for its time.',
    );
    for (const track of account!.tracks) {
      expect(track.gapsBeforeRepair!.length).toBeGreaterThan(50);
      expect(track.gaps.map(([, , cause]) => cause)).toEqual(['restart']);
      const [one, two] = track.sessions!;
      expect(one!.session).not.toBe(two!.session);
      const sent = await samplesOf(join(here, 'stems', `${track.name}.wav`));
      const held = await samplesOf(join(path, track.file!));
      for (const { start, frames, sessionStart, offsetFrames, sentSha256, recordedSha256 } of [one!, two!]) {
        expect([offsetFrames, recordedSha256]).toEqual([0, sentSha256]);
        const part = held.subarray(start * 3, (start + frames) * 3);
        expect(part.equals(sent.subarray(sessionStart! * 3, (sessionStart! + frames) * 3))).toBe(true);
      }
      expect([two!.sessionStart, two!.frames]).toEqual([0, sent.length / 3]);
    }
  });

  it('are all recorded with --all, the second one from when it is announced, in step and whole', async () => {
    const [early, late, there] = [await stems('early', 7), await stems('late', 4), newFolder()];
    const network = await lossyNetwork({ seed: 5, lossPercent: 0, delayMs: 5, jitterMs: 0 });
    const send = (folder: string, name: string, group: string) =>
      network.start('a', folder, process.execPath, BIN, 'send', name, '--no-account', '--to', group, ...FROM);
    try {
      const record = network.start('b', there, process.execPath, BIN, 'record', '--all');
      await until('the recorder', () => record.errors().includes('Waiting for announcements'));
      const senders = [send(early, 'early', '239.69.7.1')];
      await until('the first session', () => onlyTake(there).files.length === 2);
      senders.push(send(late, 'late', '239.69.8.1'));
      expect(await record.exited, record.errors()).toBe(0);
      for (const sender of senders) expect(await sender.exited, sender.errors()).toBe(0);
    } finally {
      await network.close();
    }
    const { path, account } = onlyTake(there);
    expect(account!.verdict.isIdentical, JSON.stringify(account!.verdict)).toBe(true);
    expect(account!.tracks.map(({ name }) => name)).toEqual(['bass', 'drums', 'bass 2', 'drums 2']);
    for (const { name, file, sessions } of account!.tracks) {
      const sent = await samplesOf(
        join(name.endsWith('2') ? join(late, 'late') : join(early, 'early'), `${name.slice(0, 5).trim()}.wav`),
      );
      const start = sessions?.[0]?.start ?? 0;
      expect(start > 0).toBe(name.endsWith('2'));
      const held = await samplesOf(join(path, file!));
      expect(held.subarray(start * 3).equals(sent)).toBe(true);
    }
    const [, , bass, drums] = account!.tracks;
    expect(bass!.sessions![0]!.start).toBe(drums!.sessions![0]!.start);
  });
});
