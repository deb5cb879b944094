import { expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { DistreamError } from '../../core/errors.ts';
import type { SapSession } from '../../protocols/sap/directory.ts';
import { AnnouncedFlows, MAX_ANNOUNCED_FLOWS } from './announced-flows.ts';
import { Announcements } from './announcements.ts';
import type { FlowSpec } from './flow-spec.ts';

function session(name: string, ports: readonly number[], group = '239.69.0.1'): SapSession {
  const media = ports.flatMap((port) => [
    `m=audio ${port} RTP/AVP 98`,
    `c=IN IP4 ${group}/16`,
    `i=${name} ${port}`,
    'a=rtpmap:98 L24/48000/1',
  ]);
  const sdp = ['v=0', `o=- ${ports[0]} 1 IN IP4 192.0.2.1`, `s=${name}`, 't=0 0', ...media, ''].join('\r\n');
  const from = '192.0.2.1';
  return { key: name, name, from, originAddress: from, messageId: 1, sdp, firstMs: 0, lastMs: 0 };
}

function rig(known: readonly FlowSpec[] = [], fails: (spec: FlowSpec) => boolean = () => false) {
  const added: string[] = [];
  const notes: string[] = [];
  const add = async (spec: FlowSpec) => {
    if (fails(spec)) throw new DistreamError('USAGE', { reason: 'its port is taken' });
    added.push(spec.title);
  };
  const flows = new AnnouncedFlows({ add, known, onNote: (text) => void notes.push(text) });
  return { flows, added, notes };
}

it('takes up what is announced later, once, and goes on when a flow cannot be received', async () => {
  const { flows, added, notes } = rig([], ({ title }) => title === 'drums 5006');
  await flows.take([session('drums', [5004, 5006, 5008])]);
  await flows.take([session('drums', [5004, 5006, 5008]), session('choir', [6000])]);
  expect(added).toEqual(['drums 5004', 'drums 5008', 'choir 6000']);
  expect(notes).toEqual([
    '"drums 5004" is announced now: it is recorded from 239.69.0.1 port 5004, too.',
    expect.stringMatching(/^"drums 5006" is announced and not recorded: .*its port is taken/),
    expect.stringContaining('"drums 5008"'),
    expect.stringContaining('"choir 6000"'),
  ]);
});

it('leaves out those that are recorded from the beginning, and more than it may have', async () => {
  const path = { address: '239.69.0.1', port: 5004, rtcpPort: 5005, sources: [] };
  const spec: FlowSpec = {
    title: 'known',
    encoding: 'L24',
    sampleRate: 48_000,
    channels: 1,
    channelNames: [],
    payloadTypes: [98],
    paths: [path],
  };
  const { flows, added, notes } = rig([spec]);
  const many = Array.from({ length: 40 }, (_, index) =>
    session(
      `s${index}`,
      Array.from({ length: 16 }, (_, port) => 5004 + 2 * port),
      `239.69.0.${index + 1}`,
    ),
  );
  await flows.take(many);
  expect(added).toHaveLength(MAX_ANNOUNCED_FLOWS - 1);
  expect(added).not.toContain('s0 5004');
  expect(notes.at(-1)).toContain('"s31 5034"');
  expect(notes.filter((note) => note.startsWith('More than 512'))).toHaveLength(1);
});

it('hands announcements on together, and keeps those that come while nobody takes them', async () => {
  const clock = new FakeClock();
  const announcements = new Announcements(clock);
  const taken: string[][] = [];
  const take = (sessions: readonly SapSession[]) => void taken.push(sessions.map(({ name }) => name));
  announcements.handTo(take);
  announcements.note(session('one', [5004]));
  await clock.run(20);
  announcements.note(session('two', [5006]));
  expect(taken).toEqual([]);
  await clock.run(40);
  expect(taken).toEqual([['one', 'two']]);
  announcements.hold();
  announcements.note(session('three', [5008]));
  await clock.run(1000);
  expect(taken).toHaveLength(1);
  announcements.handTo(take);
  expect(taken.at(-1)).toEqual(['three']);
  announcements.note(session('four', [5010]));
  announcements.close();
  await clock.run(1000);
  expect(taken).toHaveLength(2);
});

it('complains a bounded number of times of what cannot be received', async () => {
  const { flows, added, notes } = rig();
  for (let at = 0; at < 300; at++) {
    const { sdp, ...rest } = session(`bad ${at}`, [5004]);
    await flows.take([{ ...rest, sdp: sdp.replace('L24', 'OPUS') }]);
  }
  expect(added).toEqual([]);
  expect(notes).toHaveLength(100);
});
