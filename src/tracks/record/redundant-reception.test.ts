import { expect, it } from 'vitest';
import { TestSender } from '../../../test/support/rtp-sender.ts';
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
  both.media(sender.packet(0), FROM, 0);
  both.redundancy(sender.packet(1), FROM, 1);
  expect(received).toEqual([sender.packet(0), sender.packet(1)]);
});

it('believes no redundancy of somebody else, and counts nothing for parity that is none', () => {
  const { received, both } = reception();
  both.redundancy(new TestSender().packet(0), '198.51.100.7', 0);
  both.redundancy(Buffer.from([0x80]), FROM, 0);
  both.redundancy(Buffer.from([0x80, 97, 1, 2, 3]), FROM, 0);
  expect(received).toEqual([]);
  expect(both.repaired).toBe(0);
});
