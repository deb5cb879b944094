import { expect, it } from 'vitest';
import { TestSender } from '../../../test/support/rtp-sender.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../../protocols/rtp/packet.ts';
import { ParityGroup } from '../../protocols/rtp/parity-group.ts';
import { RedundantReception } from './redundant-reception.ts';

const FROM = '192.0.2.1';

function reception() {
  const received: Buffer[] = [];
  const line = {
    sender: { ssrc: 0x1234, from: FROM },
    receive: (datagram: Buffer) => void received.push(Buffer.from(datagram)),
  };
  return { received, both: new RedundantReception(line, [97]) };
}

it('hands on packets of the flow and their duplicates', () => {
  const { received, both } = reception();
  const sender = new TestSender();
  both.media(sender.packet(0), FROM, 0, 0);
  both.redundancy(sender.packet(1), FROM, 1, 0);
  expect(received).toEqual([sender.packet(0), sender.packet(1)]);
});

it('believes no redundancy of somebody else, and counts nothing for parity that is none', () => {
  const { received, both } = reception();
  both.redundancy(new TestSender().packet(0), '198.51.100.7', 0, 0);
  both.redundancy(Buffer.from([0x80]), FROM, 0, 0);
  both.redundancy(Buffer.from([0x80, 97, 1, 2, 3]), FROM, 0, 0);
  expect(received).toEqual([]);
  expect(both.repaired).toBe(0);
});

/** A parity packet over packets of a sender. */
function parityOf(sender: TestSender, indices: readonly number[]): Buffer {
  const group = new ParityGroup(200);
  for (const index of indices) group.add(sender.packet(index));
  const bytes = Buffer.alloc(400);
  writeRtpHeader(bytes, 0, { payloadType: 97, marker: false, sequence: 0, timestamp: 0, ssrc: sender.ssrc });
  return bytes.subarray(0, RTP_HEADER_BYTES + group.finish(bytes, RTP_HEADER_BYTES));
}

it('repairs what one network has lost with the parity of the other', () => {
  const { received, both } = reception();
  const sender = new TestSender();
  const second = '198.51.100.1';
  both.media(sender.packet(0), FROM, 0, 0);
  both.media(sender.packet(1), second, 1, 1);
  both.redundancy(parityOf(sender, [0, 1, 2]), second, 2, 1);
  expect(received).toEqual([0, 1, 2].map((index) => sender.packet(index)));
  expect(both.repaired).toBe(1);
});

it('believes in the second network only who sent the flow there first', () => {
  const { received, both } = reception();
  const sender = new TestSender();
  both.media(sender.packet(0), FROM, 0, 0);
  both.media(sender.packet(1), '198.51.100.1', 1, 1);
  both.media(new TestSender({ ssrc: 9 }).packet(0), '203.0.113.9', 1, 1);
  both.media(sender.packet(1), '203.0.113.9', 1, 1);
  const before = received.length;
  both.redundancy(parityOf(sender, [0, 1, 2]), '203.0.113.9', 2, 1);
  both.redundancy(sender.packet(3), '203.0.113.9', 2, 1);
  // Nor does somebody of one network count in another.
  both.redundancy(sender.packet(3), '198.51.100.1', 2, 0);
  expect(received).toHaveLength(before);
});
