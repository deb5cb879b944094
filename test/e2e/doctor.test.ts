import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../../src/protocols/rtp/packet.ts';
import { plainFmt, wavChunk, wavFile } from '../support/wav.ts';
import { describeWith } from './support/binaries.ts';
import { type Child, start, until } from './support/child.ts';
import { udpPorts } from './support/ports.ts';

const BIN = fileURLToPath(new URL('../../bin/distream.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'distream-e2e-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function descriptionOf(port: number, { format = 'L24/48000/1', ptime = '1', payloadType = 98 } = {}): string {
  const path = join(folder, `${port}.sdp`);
  const lines = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=stage',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP ${payloadType}`,
    `a=rtpmap:${payloadType} ${format}`,
    `a=ptime:${ptime}`,
    'a=ts-refclk:localmac=00-00-5E-00-53-01',
    'a=mediaclk:sender',
    'a=recvonly',
  ];
  writeFileSync(path, lines.map((line) => `${line}\r\n`).join(''));
  return path;
}

/** What the doctor says: its exit code and its words. */
async function examine(target: string, ...options: string[]): Promise<{ code: number; text: string }> {
  const doctor = start(process.execPath, [BIN, 'doctor', target, ...options]);
  let text = '';
  doctor.process.stdout!.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const closed = new Promise((resolve) => doctor.process.stdout!.on('close', resolve));
  const code = await doctor.exited;
  await closed;
  return { code, text: text + doctor.errors() };
}

async function whileSending<T>(sender: Child, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await sender.stop('SIGKILL');
  }
}

describe('distream doctor', () => {
  it('finds a stream of distream well, by its description and by its address', async () => {
    const path = join(folder, 'long.wav');
    const pcm = Buffer.alloc(48_000 * 60 * 3, 7);
    const fmt = plainFmt({ rate: 48_000, channels: 1, bits: 24 });
    writeFileSync(path, wavFile([wavChunk('fmt ', fmt), wavChunk('data', pcm)]));
    const port = udpPorts(1);
    const sdp = join(folder, 'sdp');
    const sending = ['--to', '127.0.0.1', '--port', String(port), '--no-sap', '--sdp', sdp, '--no-account'];
    const sender = start(process.execPath, [BIN, 'send', path, ...sending]);
    await whileSending(sender, async () => {
      await until('the description', () => readFileSync(join(sdp, 'session.sdp'), 'utf8').includes('m=audio'));
      const { text } = await examine(join(sdp, 'session.sdp'), '--for', '4s');
      expect(text).toContain('lost 0, duplicated 0, reordered 0');
      expect(text).toContain('48 sample frames a packet');
      expect(text).not.toContain('error:');
      const json = await examine(`127.0.0.1:${port}`, '--for', '1s', '--json');
      const { facts } = JSON.parse(json.text.split('\n').find((line) => line.startsWith('{'))!);
      expect(facts.counters.packets).toBeGreaterThan(100);
    });
  });

  it('tells loss, two senders at one address, an empty port, and a file that is no description', async () => {
    const port = udpPorts(1);
    const socket = createSocket('udp4');
    let number = 0;
    const sending = setInterval(() => {
      for (let burst = 0; burst < 5; burst++, number++) {
        for (const ssrc of number % 10 === 3 ? [9] : [7, 9]) {
          const packet = Buffer.alloc(RTP_HEADER_BYTES + 144);
          writeRtpHeader(packet, 0, { payloadType: 98, marker: false, sequence: number, timestamp: number * 48, ssrc });
          socket.send(packet, port, '127.0.0.1');
        }
      }
    }, 5);
    try {
      const { code, text } = await examine(descriptionOf(port), '--for', '3s');
      expect(code).toBe(1);
      expect(text).toMatch(/error: \d+ of \d+ packets were lost \(/);
      expect(text).toContain('another sender uses the same address and port: 127.0.0.1');
    } finally {
      clearInterval(sending);
      socket.close();
    }
    const silent = await examine(descriptionOf(udpPorts(1)), '--for', '500ms');
    expect(silent.code).toBe(1);
    expect(silent.text).toContain('nothing came within');
    const wrong = join(folder, 'wrong.sdp');
    writeFileSync(wrong, 'no description at all\n');
    const { code, text } = await examine(wrong, '--for', '500ms');
    expect(code).toBe(1);
    expect(text).toContain('the description has no stream of linear PCM');
    expect((await examine(join(folder, 'absent.sdp'))).text).toContain('absent.sdp');
  });
});

describeWith(['ffmpeg', 'gst-launch-1.0'], 'distream doctor and other programs', () => {
  it('finds streams of ffmpeg and GStreamer well, and a wrong packet time in a description', async () => {
    const port = udpPorts(1);
    const source = ['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-ac', '2'];
    const output = ['-c:a', 'pcm_s16be', '-payload_type', '96', '-f', 'rtp', `rtp://127.0.0.1:${port}?pkt_size=972`];
    const ffmpeg = start('ffmpeg', ['-v', 'error', ...source, ...output]);
    await whileSending(ffmpeg, async () => {
      const description = descriptionOf(port, { format: 'L16/48000/2', ptime: '5', payloadType: 96 });
      const { text } = await examine(description, '--for', '4s');
      expect(text).toContain('lost 0, duplicated 0, reordered 0');
      expect(text).toContain('240 sample frames a packet');
      expect(text).not.toContain('error:');
    });
    const other = udpPorts(1);
    const pipeline =
      'audiotestsrc is-live=true samplesperbuffer=240 ! audio/x-raw,rate=48000,channels=1,format=S24BE ! rtpL24pay pt=98 min-ptime=5000000 max-ptime=5000000';
    const gst = start('gst-launch-1.0', [
      '-q',
      ...pipeline.split(' '),
      '!',
      'udpsink',
      'host=127.0.0.1',
      `port=${other}`,
    ]);
    await whileSending(gst, async () => {
      const good = await examine(descriptionOf(other, { ptime: '5' }), '--for', '4s');
      expect(good.text).toContain('240 sample frames a packet');
      expect(good.text).not.toContain('error:');
      const { code, text } = await examine(descriptionOf(other, { ptime: '1' }), '--for', '2s');
      expect(code).toBe(1);
      expect(text).toContain('packets have 240 sample frames, the description says 48 (ptime)');
      expect(text).toContain('do: Set ptime');
    });
  });
});
