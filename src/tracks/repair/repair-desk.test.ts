import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { RepairRig, rigSession, rigSound } from '../../../test/support/repair-rig.ts';
import { parseKey } from '../../protocols/link/keys.ts';
import { publicKeyFrom } from '../../protocols/noise/x25519.ts';
import { RateLimit } from './rate-limit.ts';
import { RepairClient, RepairRefused } from './repair-client.ts';
import { Turns } from './turns.ts';

const PCM = rigSound(70_000, 2);
const PART = { flow: 0, channel: 0, channels: 2 };

function clientOf(rig: RepairRig, recorder = 1): Promise<RepairClient> {
  const parsed = parseKey(rig.key, 'public');
  if (parsed.kind === 'invalid') throw new Error(parsed.reason);
  const credentials = { kind: 'identity', remoteIdentity: publicKeyFrom(parsed.raw) } as const;
  const recorderId = Buffer.alloc(8, recorder);
  return RepairClient.open({ host: 'h', port: 1, credentials, recorderId, clock: rig.clock, dial: rig.dial });
}

describe('RepairDesk', () => {
  it('knows its recorders until they need nothing more, also when they come back', async () => {
    const rig = new RepairRig();
    const first = await clientOf(rig, 1);
    const second = await clientOf(rig, 2);
    expect(rig.desk.recorders).toBe(2);
    first.close();
    const again = await clientOf(rig, 1);
    expect(rig.desk.recorders).toBe(2);
    rig.desk.serve(rigSession(PCM, { channels: 2 }));
    await again.flows();
    await again.done();
    await settle();
    expect((await second.flows()).flows).toHaveLength(1);
    expect(rig.desk.recorders).toBe(1);
    rig.desk.close();
    await expect(second.flows()).rejects.toThrow();
  });

  it('keeps who asks before it serves, however long that takes', async () => {
    const clock = new FakeClock();
    const rig = new RepairRig({ clock });
    const opening = clientOf(rig);
    await settle();
    const client = await opening;
    const flows = client.flows();
    for (let second = 0; second < 120; second++) {
      clock.advance(1000);
      await settle();
    }
    rig.desk.serve(rigSession(PCM, { channels: 2 }));
    expect((await flows).flows).toHaveLength(1);
    client.close();
    rig.desk.close();
  });

  it('refuses what is not there, and goes on', async () => {
    const rig = new RepairRig();
    rig.desk.serve(rigSession(PCM, { channels: 2 }));
    const client = await clientOf(rig);
    const refused = [
      client.sound({ ...PART, flow: 1 }, [[0, 1]], 6),
      client.sound({ ...PART, channel: 1 }, [[0, 1]], 6),
      client.sound(PART, [[69_999, 2]], 6),
      client.sound(PART, [[2 ** 52, 1]], 6),
      client.sound(PART, [[0, 70_000]], 6),
      client.sound(
        PART,
        Array.from({ length: 256 }, () => [0, 60_000] as const),
        6,
      ),
      client.account({ ...PART, start: 0, frames: 2 ** 50 }, 0),
    ];
    for (const request of refused) await expect(request).rejects.toBeInstanceOf(RepairRefused);
    expect(
      (
        await client.sound(
          PART,
          [
            [69_990, 10],
            [0, 2],
          ],
          6,
        )
      ).equals(Buffer.concat([PCM.subarray(-60), PCM.subarray(0, 12)])),
    ).toBe(true);
    expect((await client.account({ ...PART, channels: 1, start: 100, frames: 66_000 }, 65_000)).blocks.first).toBe(0);
  });

  it('does not name a path when a file cannot be read', async () => {
    const rig = new RepairRig();
    const session = rigSession(PCM, { channels: 2 });
    session.flows[0]!.audio.read = () => Promise.reject(new Error('EIO: /srv/someone/stems/drums.wav'));
    rig.desk.serve(session);
    const client = await clientOf(rig);
    const refusal = await client.sound(PART, [[0, 1]], 6).catch((error: Error) => error.message);
    expect(refusal).not.toContain('/srv');
  });

  it('bears a flood of connections and one of requests', async () => {
    const rig = new RepairRig();
    rig.desk.serve(rigSession(PCM, { channels: 2 }));
    const strangers = Array.from({ length: 200 }, () => rig.dial({ host: 'h', port: 1 }));
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(strangers.filter(({ destroyed }) => !destroyed)).toHaveLength(32);
    for (const stranger of strangers) stranger.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    expect(rig.problems).toHaveLength(10);
    const client = await clientOf(rig);
    const answers = Array.from({ length: 1000 }, (_, n) => client.sound(PART, [[n, 1]], 6));
    const sounds = await Promise.all(answers);
    expect(sounds.every((bytes, n) => bytes.equals(PCM.subarray(n * 6, n * 6 + 6)))).toBe(true);
  });
});

describe('RateLimit', () => {
  it('lets through no more than its rate and a burst', async () => {
    const clock = new FakeClock();
    const rate = new RateLimit(clock, 1000);
    let passed = 0;
    const taking = (async () => {
      for (let count = 0; count < 50; count++) {
        await rate.take(100);
        passed += 100;
      }
    })();
    await clock.run(2000);
    expect(passed).toBeGreaterThanOrEqual(2000);
    expect(passed).toBeLessThanOrEqual(2400);
    await clock.run(4000);
    await taking;
    expect(passed).toBe(5000);
  });

  it('keeps its rate for many who ask at once, and listens to their signal once', async () => {
    const clock = new FakeClock();
    const rate = new RateLimit(clock, 1000);
    const { signal } = new AbortController();
    let passed = 0;
    const asks = Array.from({ length: 50 }, () =>
      rate.take(100, signal).then(() => {
        passed += 100;
      }),
    );
    await clock.run(2000);
    expect(passed).toBeGreaterThanOrEqual(2000);
    expect(passed).toBeLessThanOrEqual(2400);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await clock.run(4000);
    await Promise.all(asks);
    expect(passed).toBe(5000);
  });
});

describe('Turns', () => {
  it('lets so many work at a time, in order, also when one fails', async () => {
    const turns = new Turns(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const work = (number: number) =>
      turns.take(async () => {
        begun.push(number);
        await new Promise<void>((resolve) => void ends.push(resolve));
        if (number === 0) throw new Error('it failed');
      });
    const all = [0, 1, 2, 3].map((number) => work(number).catch(() => undefined));
    await Promise.resolve();
    expect(begun).toEqual([0, 1]);
    ends[0]!();
    await all[0];
    expect(begun).toEqual([0, 1, 2]);
    ends[1]!();
    await all[1];
    for (const end of ends.slice(2)) end();
    await Promise.all(all);
    expect(begun).toEqual([0, 1, 2, 3]);
  });
});
