import { expect, it } from 'vitest';
import { TestSender } from '../../../test/support/rtp-sender.ts';
import { FlowLine } from './flow-line.ts';
import type { Take } from './take.ts';
import { TakeLine } from './take-line.ts';
import { Troubles } from './troubles.ts';

it('tells each trouble of a flow once', () => {
  const sink = { samples: () => {}, silence: () => {}, run: () => {} };
  const options = { sampleRate: 48_000, frameBytes: 2, payloadTypes: [96], bufferMs: 100 };
  const line = new FlowLine(options, new TakeLine(() => {}), sink);
  const flows = [{ spec: { title: 'Kick', payloadTypes: [96] }, line }] as unknown as Take['flows'];
  const notes: string[] = [];
  const troubles = new Troubles((text) => void notes.push(text));
  const sender = new TestSender();
  const stranger = new TestSender({ ssrc: 99, firstTimestamp: 5 });
  for (let index = 0; index < 50; index++) line.receive(sender.packet(index), '192.0.2.1', index);
  troubles.look(flows);
  expect(notes).toEqual([]);
  for (let index = 50; index < 300; index++) {
    line.receive(sender.packet(index), '192.0.2.1', index);
    line.receive(stranger.packet(index), '198.51.100.9', index);
    line.receive(Buffer.from([1, 2, 3]), '198.51.100.9', index);
  }
  troubles.look(flows);
  troubles.look(flows);
  expect(notes).toEqual([
    '"Kick": 198.51.100.9 sends to its port, too; that is not recorded.',
    '"Kick": some of what comes to its port is no RTP; it is left out.',
  ]);
});
