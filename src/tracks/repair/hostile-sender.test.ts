import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { RepairRig, RIG_CLOCK, rigSession, rigSound, writeRigTake } from '../../../test/support/repair-rig.ts';
import { generateKeyPair } from '../../protocols/noise/x25519.ts';
import { encodeRepairAnswer, type RepairAnswer } from '../../protocols/repair/messages.ts';
import { senderGreeting } from './greetings.ts';
import type { Dial } from './repair-client.ts';
import type { ServedSession } from './repair-service.ts';
import { SecureStream } from './secure-stream.ts';

const root = mkdtempSync(join(tmpdir(), 'distream-hostile-sender-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(root, 'take-'));
});

const FRAMES = 100_000;
const PCM = rigSound(FRAMES, 1);
const file = () => readFileSync(join(folder, 'drums.wav'));
/** The head may say anew what is missing; the sound stays. */
const sound = (bytes: Buffer) => bytes.subarray(-PCM.length);

function write() {
  writeRigTake(folder, [{ name: 'drums', pcm: PCM, gaps: [[1000, 500, 'lost']] }]);
  return file();
}

/** A session whose flow tells something else of itself. */
function lying(lie: Partial<ReturnType<ServedSession['flows'][number]['info']>>): ServedSession {
  const session = rigSession(PCM);
  const [flow] = session.flows;
  return { ...session, flows: [{ ...flow!, info: () => ({ ...flow!.info(), ...lie }) }] };
}

/** A sender that knows its key and answers each request with whatever it likes. */
function scripted(
  rig: RepairRig,
  answer: (id: number) => RepairAnswer | Buffer,
): { dial: Dial; key: { publicKey: Buffer } } {
  const identity = generateKeyPair();
  const dial: Dial = () => {
    const [client, server] = duplexPair({ allowHalfOpen: false });
    server.on('error', () => undefined).on('close', () => client.destroy());
    client.on('error', () => undefined).on('close', () => server.destroy());
    const stream: SecureStream = new SecureStream({
      socket: server,
      clock: rig.clock,
      silenceMs: 60_000,
      greeting: senderGreeting({ kind: 'identity', identity }, rig.clock, () => undefined),
      // The number of a request is its second byte while it is small.
      onMessage: (message) => {
        const made = answer(message[1]!);
        void stream.send(Buffer.isBuffer(made) ? made : encodeRepairAnswer(made));
      },
      onClose: () => undefined,
    });
    return client;
  };
  return { dial, key: { publicKey: identity.publicKey.raw } };
}

describe('repair from a sender that is not what it should be', () => {
  it('tells plainly that the shared key is another one, and does not try for long', async () => {
    const rig = new RepairRig({ credentials: { kind: 'shared-key', sharedKey: Buffer.alloc(32, 1) } });
    rig.desk.serve(rigSession(PCM));
    const before = write();
    const from = [{ host: '192.0.2.9', port: 40_000, session: 'rig@distream' }];
    const report = await rig.repair(folder, { from, sharedKey: Buffer.alloc(32, 2) });
    expect(report).toMatchObject({ isProven: false, fetchedFrames: 0, missingFrames: 500 });
    expect(rig.notes.at(-1)).toMatch(/^Not everything .* it does not accept the shared key: both sides need the same/);
    expect(rig.problems[0]).toMatch(/^repair: a connection from 192\.0\.2\.1 was refused: /);
    expect(rig.dials).toBe(3);
    expect(sound(file()).equals(sound(before))).toBe(true);
    await expect(rig.repair(folder, { from })).rejects.toThrow('give it with --key');
    expect(await rig.repair(folder, { from, sharedKey: Buffer.alloc(32, 1) })).toMatchObject({ isProven: true });
  });

  it('tells that the sender was started again: its key, or its session, is another one', async () => {
    const other = new RepairRig();
    other.desk.serve(rigSession(PCM));
    write();
    const key = new RepairRig().key;
    await other.repair(folder, { from: [{ host: 'h', port: 1, session: 'rig@distream', key }] });
    expect(other.notes.at(-1)).toContain('the sender was started again, so that what it sent before is gone');
    const rig = new RepairRig();
    rig.desk.serve(rigSession(PCM, { id: 'later@distream' }));
    await rig.repair(folder);
    expect(rig.notes).toEqual([expect.stringContaining('it serves another session (rig)')]);
    expect(rig.dials).toBe(1);
  });

  it('finds nothing at a sender that has other flows, or fewer frames', async () => {
    for (const lie of [{ ssrc: 8 }, { sampleRate: 44_100 }, { sampleBytes: 2 as const }]) {
      const rig = new RepairRig();
      rig.desk.serve(lying(lie));
      const before = write();
      expect(await rig.repair(folder)).toMatchObject({ isProven: false, fetchedFrames: 0, missingFrames: 500 });
      expect(sound(file()).equals(sound(before))).toBe(true);
    }
    const rig = new RepairRig();
    rig.desk.serve(lying({ frames: 1200 }));
    write();
    expect(await rig.repair(folder)).toMatchObject({ isProven: false, fetchedFrames: 200, missingFrames: 300 });
  });

  it('does not fill the disk for a sender that says it has hours more', async () => {
    const rig = new RepairRig();
    rig.desk.serve(lying({ frames: 2 ** 32 * 100_000 + FRAMES }));
    const before = write();
    await rig.repair(folder);
    expect(file().length).toBe(before.length);
    const whole = rig.repair(folder, { lostEndsSeconds: Number.POSITIVE_INFINITY });
    await expect(whole).rejects.toMatchObject({ code: 'RECORDING_FAILED', message: expect.stringContaining('free') });
    expect(file().length).toBe(before.length);
  });

  it('ends with a sender that answers nonsense, wrong sizes, or what nobody asked for', async () => {
    const flows = { kind: 'flows', session: 'rig@distream', name: 'rig', isOver: true, clock: RIG_CLOCK } as const;
    const info = rigSession(PCM).flows[0]!.info();
    const answers: ((id: number) => RepairAnswer | Buffer)[] = [
      () => Buffer.from('garbage'),
      () => Buffer.alloc(60_000, 0xff),
      (id) => ({ kind: 'sound', id, bytes: Buffer.alloc(10) }),
      (id) => ({ ...flows, id: id + 1, flows: [info] }),
      (id) => (id === 1 ? { ...flows, id, flows: [info] } : { kind: 'sound', id, bytes: Buffer.alloc(49_000) }),
      (id) => (id === 1 ? { ...flows, id, flows: [info] } : { ...flows, id, flows: [info] }),
      (id) =>
        id === 1 ? { ...flows, id, flows: [info] } : { kind: 'refused', id, code: 'unreadable', reason: '\u001b[2J' },
    ];
    for (const answer of answers) {
      const rig = new RepairRig();
      const before = write();
      const { dial, key } = scripted(rig, answer);
      const { formatKey } = await import('../../protocols/link/keys.ts');
      const from = [{ host: 'h', port: 1, session: 'rig@distream', key: formatKey('public', key.publicKey) }];
      const report = await rig.repair(folder, { dial, from, patienceMs: 2000 });
      expect(report).toMatchObject({ isProven: false, fetchedFrames: 0, missingFrames: 500 });
      expect(sound(file()).equals(sound(before))).toBe(true);
    }
  });

  it('ends with one that greets and says nothing, and with one that sends what is no greeting', async () => {
    const rig = new RepairRig();
    write();
    const silent: Dial = () => duplexPair({ allowHalfOpen: false })[0];
    expect(await rig.repair(folder, { dial: silent, patienceMs: 1000 })).toMatchObject({ fetchedFrames: 0 });
    expect(rig.notes.at(-1)).toContain('no greeting came');
    const shouting: Dial = () => {
      const [client, server] = duplexPair({ allowHalfOpen: false });
      server.on('error', () => undefined).write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
      return client;
    };
    await rig.repair(folder, { dial: shouting });
    expect(rig.notes.at(-1)).toContain('another program has its port');
  });
});
