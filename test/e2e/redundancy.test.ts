import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith } from './support/binaries.ts';
import { until } from './support/child.ts';
import { type LossyRelay, lossyRelay } from './support/lossy-relay.ts';
import { udpPorts } from './support/ports.ts';
import { makeTracks, newFolder, onlyTake, samplesOf, startIn, startRecording } from './support/recording.ts';

const TRACKS = ['one', 'two'];
const LOOP_SECONDS = 6;
/** Two flows, their RTCP, and as much again on the second ports. */
const PORTS = 8;

/** A network of a test: what is sent to `from` comes out at `to`, but for what it loses. */
interface Network {
  readonly from: string;
  readonly to: string;
  readonly loses: (port: number, index: number) => boolean;
}

/** Sends two tracks through the networks and records them, without ever asking for a packet again. */
async function throughNetworks(networks: readonly Network[], seconds: number, ...args: readonly string[]) {
  const folder = newFolder();
  await makeTracks(folder, TRACKS, LOOP_SECONDS);
  const firstPort = udpPorts(PORTS / 2);
  const relays: LossyRelay[] = [];
  for (const network of networks) relays.push(await lossyRelay({ ...network, firstPort, ports: PORTS }));
  const to = networks.flatMap(({ from }) => ['--to', from]);
  const common = ['--port', String(firstPort), '--no-sap', '--sdp', 'sdp', '--loop', '--ptime', '5ms'];
  const sender = startIn(folder, 'send', ...to, ...common, ...args, ...TRACKS.map((name) => `${name}.wav`));
  const described = await until('the description', () => {
    const sdp = readFileSync(join(folder, 'sdp', 'session.sdp'), 'latin1');
    return sdp.endsWith('\r\n') ? sdp : undefined;
  });
  const there = networks.reduce((sdp, network) => sdp.replaceAll(network.from, network.to), described);
  writeFileSync(join(folder, 'there.sdp'), there);
  const recorder = await startRecording(folder, 'there.sdp', '--no-resend');
  const written = async (wanted: number) =>
    until(
      `${wanted} s of the take`,
      () => TRACKS.every((name) => statSync(join(onlyTake(folder).path, `${name}.wav`)).size >= wanted * 144_000),
      60_000,
    );
  await written(seconds);
  const recordedSeconds = () => {
    const { path } = onlyTake(folder);
    return Math.max(...TRACKS.map((name) => statSync(join(path, `${name}.wav`)).size)) / 144_000;
  };
  const finish = async () => {
    await sender.stop('SIGINT');
    // 1 where one of the two was heard a packet before the other.
    expect(await recorder.exited, recorder.errors()).toBeLessThan(2);
    for (const relay of relays) relay.close();
    return { folder, lost: relays.map((relay) => relay.lost), account: onlyTake(folder).account! };
  };
  return { sender, written, recordedSeconds, finish };
}

/** Parity over this many packets of 5 ms; the recording may begin in the middle of such a group, which repairs less. */
const PARITY_FRAMES = 10 * 240;

/** Whether what is recorded is what was sent over and over, wherever the recording began. */
async function expectWhole({ folder }: { readonly folder: string }): Promise<void> {
  const { path, account } = onlyTake(folder);
  for (const name of TRACKS) {
    const track = account!.tracks.find((each) => each.name === name)!;
    expect(track.gaps.filter(([start, , cause]) => cause !== 'absent' && start >= PARITY_FRAMES)).toEqual([]);
    const begins = track.gaps.reduce((end, [start, frames]) => Math.max(end, start + frames), 0) * 3;
    const sent = await samplesOf(join(folder, `${name}.wav`));
    const recorded = (await samplesOf(join(path, `${name}.wav`))).subarray(begins);
    expect(recorded.length).toBeGreaterThan(144_000);
    const at = sent.indexOf(recorded.subarray(0, 600));
    expect(at).toBeGreaterThanOrEqual(0);
    const looped = Buffer.concat(Array.from({ length: 2 + Math.ceil(recorded.length / sent.length) }, () => sent));
    expect(looped.subarray(at, at + recorded.length).equals(recorded)).toBe(true);
  }
}

const isMedia = (port: number) => port < 4 && port % 2 === 0;

describeWith(['ffmpeg'], 'a recording without requests, over networks that lose packets', () => {
  it('is whole with duplicates 50 ms later, when runs of 30 ms are lost', async () => {
    const loses = (port: number, index: number) => port % 2 === 0 && (index + (isMedia(port) ? 0 : 50)) % 100 >= 94;
    const network = { from: '127.0.0.2', to: '127.0.0.3', loses };
    const session = await throughNetworks([network], 3, '--redundancy', 'duplicate');
    const result = await session.finish();
    expect(result.lost[0]).toBeGreaterThan(30);
    await expectWhole(result);
  });

  it('is whole with parity, when each tenth packet is lost', async () => {
    const loses = (port: number, index: number) => isMedia(port) && index % 10 === 3;
    const network = { from: '127.0.0.4', to: '127.0.0.5', loses };
    const session = await throughNetworks([network], 3, '--redundancy', 'xor');
    const result = await session.finish();
    expect(result.lost[0]).toBeGreaterThan(60);
    expect(result.account.tracks[0]!.packets.repaired).toBeGreaterThan(30);
    await expectWhole(result);
  });

  it('is whole over two networks, each of which loses half of all packets in turn', async () => {
    const half = (which: number) => (port: number, index: number) =>
      isMedia(port) && Math.floor(index / 20) % 2 === which;
    const session = await throughNetworks(
      [
        { from: '127.0.0.6', to: '127.0.0.7', loses: half(0) },
        { from: '127.0.0.8', to: '127.0.0.9', loses: half(1) },
      ],
      3,
    );
    const result = await session.finish();
    expect(Math.min(...result.lost)).toBeGreaterThan(100);
    await expectWhole(result);
  });

  it('is whole with the parity of the second network, when the first one is down, and ends with its BYE', async () => {
    const session = await throughNetworks(
      [
        { from: '127.0.0.12', to: '127.0.0.13', loses: (_port, index) => index >= 100 },
        { from: '127.0.0.14', to: '127.0.0.15', loses: (port, index) => isMedia(port) && index % 10 === 3 },
      ],
      8,
      '--redundancy',
      'xor',
    );
    const result = await session.finish();
    expect(Math.min(...result.lost)).toBeGreaterThan(100);
    expect(result.account.tracks[0]!.packets.repaired).toBeGreaterThan(100);
    await expectWhole(result);
  });

  it('repairs what is lost once `auto` has chosen a measure', async () => {
    const loses = (port: number, index: number) => isMedia(port) && index % 50 === 7;
    const network = { from: '127.0.0.10', to: '127.0.0.11', loses };
    const session = await throughNetworks([network], 1, '--redundancy', 'auto');
    await until('the choice', () => session.sender.errors().includes('Redundancy: '), 60_000);
    await session.written(session.recordedSeconds() + 6);
    const { account } = await session.finish();
    // Before it chose, it lost packets; since then they are made again.
    for (const { gaps, packets } of account.tracks) {
      expect(gaps.length).toBeGreaterThan(0);
      expect(packets.repaired).toBeGreaterThan(0);
    }
  });
});
