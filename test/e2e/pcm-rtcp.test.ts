import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { utcMsOfNtp } from '../../src/protocols/ntp/timestamp.ts';
import type { RtcpMessage } from '../../src/protocols/rtp/rtcp.ts';
import { decodeRtcp } from '../../src/protocols/rtp/rtcp-decode.ts';
import { encodeRtcp } from '../../src/protocols/rtp/rtcp-encode.ts';
import { until } from './support/child.ts';
import { startDistream } from './support/distream.ts';
import { writeNoise } from './support/noise-file.ts';
import { udpPorts } from './support/ports.ts';

interface Heard {
  readonly socket: Socket;
  readonly datagrams: Buffer[];
}

/** What comes to a port, or to a group on the loopback interface. */
async function hear(port: number, group?: string): Promise<Heard> {
  const socket = createSocket({ type: 'udp4', reuseAddr: group !== undefined });
  const datagrams: Buffer[] = [];
  socket.on('message', (datagram) => datagrams.push(datagram));
  socket.bind(port, group ?? '127.0.0.1');
  await once(socket, 'listening');
  if (group !== undefined) socket.addMembership(group, '127.0.0.1');
  return { socket, datagrams };
}

const node = (output: string) =>
  startDistream(`
  flow:
    input: { type: wav, path: in.wav }
    outputs:
      - { type: rtp, announce: false, ${output} }`);

const ssrcOf = (datagram: Buffer) => datagram.readUInt32BE(8);
const sequenceOf = (datagram: Buffer) => datagram.readUInt16BE(2);
const kinds = (messages: readonly RtcpMessage[]) => messages.map(({ kind }) => kind);

describe('RTCP of an rtp output', () => {
  it('reports the instant of the first packet, and says BYE when the node stops', async () => {
    const port = udpPorts();
    const [rtp, rtcp] = await Promise.all([hear(port), hear(port + 1)]);
    const running = await node(`address: 127.0.0.1, port: ${port}`);
    writeNoise(running.folder, 'in.wav');
    await until('a report', () => rtcp.datagrams.length > 0 && rtp.datagrams.length > 500);
    const nowMs = Date.now();
    await running.stop();
    await until('the last report', () => kinds(decodeRtcp(rtcp.datagrams.at(-1)!)).includes('bye'));
    const ssrc = ssrcOf(rtp.datagrams[0]!);
    const [report, names] = decodeRtcp(rtcp.datagrams[0]!);
    expect(names).toMatchObject({
      kind: 'source-description',
      sources: [{ ssrc, cname: expect.stringMatching(/@distream$/) }],
    });
    if (report?.kind !== 'sender-report') throw new Error('no sender report first');
    expect(report.ssrc).toBe(ssrc);
    // Our packets since then, and the time that has passed by the same clock.
    const frames = (rtp.datagrams[0]!.readUInt32BE(4) - report.rtpTimestamp) | 0;
    expect(Math.abs(frames)).toBeLessThan(48_000);
    expect(Math.abs(utcMsOfNtp(report.ntp, nowMs) - nowMs)).toBeLessThan(60_000);
    expect(kinds(decodeRtcp(rtcp.datagrams.at(-1)!))).toEqual(['sender-report', 'source-description', 'bye']);
    for (const { socket } of [rtp, rtcp]) socket.close();
  });

  it('hears at the group which packets are asked for again, and sends them there', async () => {
    const port = udpPorts();
    const group = '239.69.77.9';
    const rtp = await hear(port, group);
    const running = await node(`address: ${group}, interface: 127.0.0.1, port: ${port}, profile: plain`);
    writeNoise(running.folder, 'in.wav');
    await until('packets', () => rtp.datagrams.length > 200);
    const [asked] = rtp.datagrams.slice(-50);
    const nack = encodeRtcp([
      { kind: 'nack', senderSsrc: 99, mediaSsrc: ssrcOf(asked!), sequences: [sequenceOf(asked!)] },
    ]);
    rtp.socket.setMulticastInterface('127.0.0.1');
    rtp.socket.send(nack, port + 1, group);
    const same = () => rtp.datagrams.filter((each) => sequenceOf(each) === sequenceOf(asked!));
    await until('the packet again', () => same().length === 2);
    expect(same()[1]!.equals(same()[0]!)).toBe(true);
    const { outputs } = await running.stream((stream) => (stream.outputs[0]?.counters.packets_resent ?? 0) === 1);
    expect(outputs[0]!.counters.packets_resent).toBe(1);
    await running.stop();
    rtp.socket.close();
  });
});
