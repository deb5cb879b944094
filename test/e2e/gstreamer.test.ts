import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bytesOf, CODECS, makeAudio } from './support/audio.ts';
import { describeWith } from './support/binaries.ts';
import { start, until } from './support/child.ts';
import { startDistream } from './support/distream.ts';

const MP3 = CODECS[0]!;

describeWith(['gst-launch-1.0', 'ffmpeg'], 'GStreamer', () => {
  it.concurrent('as source: shout2send, which probes as every libshout encoder does, with its titles', async () => {
    const file = await makeAudio(MP3, 15);
    const node = await startDistream(`
  one:
    input: { type: source, mount: /in, password: e2e-secret }
    outputs: [{ type: recorder, path: recording.mp3 }]`);
    const sink = [
      'shout2send',
      'ip=127.0.0.1',
      `port=${node.port}`,
      'mount=/in',
      'password=e2e-secret',
      'streamname=Libshout',
    ];
    const gst = start('gst-launch-1.0', ['-q', 'filesrc', `location=${file}`, '!', 'mpegaudioparse', '!', ...sink]);
    await node
      .stream(({ state }) => state === 'live')
      .catch((error: Error) => {
        throw new Error(`${error.message}: ${gst.errors()}`);
      });
    const recording = join(node.folder, 'recording.mp3');
    await until('a recording', () => readFileSync(recording).length > 60_000);
    expect(bytesOf(file).includes(readFileSync(recording))).toBe(true);
    await gst.stop();
    await node.stop('SIGINT');
  });

  it.concurrent('as listener: souphttpsrc and icydemux take the audio without its titles', async () => {
    const file = await makeAudio(MP3, 15);
    const node = await startDistream(`
  one:
    input: { type: source, mount: /in, password: e2e-secret }
    outputs: [{ type: icecast, mount: /live }]`);
    const url = `icecast://source:e2e-secret@127.0.0.1:${node.port}/in`;
    start('ffmpeg', ['-v', 'error', '-re', '-i', file, '-c', 'copy', '-content_type', 'audio/mpeg', '-f', 'mp3', url]);
    await node.stream(({ state }) => state === 'live');
    const heard = join(node.folder, 'heard.mp3');
    const source = ['souphttpsrc', 'iradio-mode=true', `location=${node.url}/live`, '!', 'icydemux'];
    const gst = start('gst-launch-1.0', [
      '-q',
      ...source,
      '!',
      'filesink',
      'buffer-mode=unbuffered',
      `location=${heard}`,
    ]);
    await until('sound', () => readFileSync(heard).length > 80_000).catch((error: Error) => {
      throw new Error(`${error.message}: ${gst.errors()}`);
    });
    expect(bytesOf(file).includes(readFileSync(heard).subarray(0, 70_000))).toBe(true);
    await node.stop('SIGINT');
  });
});
