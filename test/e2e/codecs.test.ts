import { expect, it } from 'vitest';
import { bytesOf, CODECS, compareAudio, decode, makeAudio } from './support/audio.ts';
import { describeWith } from './support/binaries.ts';
import { start, until } from './support/child.ts';
import { startDistream } from './support/distream.ts';
import { listen } from './support/listener.ts';

const SECONDS = 8;

describeWith(['ffmpeg'], 'ffmpeg as source, through distream, to a listener', () => {
  for (const codec of CODECS) {
    it.concurrent(`${codec.name}: the decoded audio is the original's, sample for sample`, {
      timeout: 60_000,
    }, async () => {
      const file = await makeAudio(codec, SECONDS);
      const node = await startDistream(`
  one:
    input: { type: source, mount: /in, password: e2e-secret }
    outputs: [{ type: icecast, mount: /out }]`);
      const url = `icecast://source:e2e-secret@127.0.0.1:${node.port}/in`;
      const args = ['-v', 'error', '-re', '-i', file, '-c', 'copy', '-content_type', codec.contentType];
      const source = start('ffmpeg', [...args, '-f', codec.container, url]);
      const stream = await node.stream((status) => status.state === 'live' && status.format !== undefined);
      expect(stream.format?.codec).not.toBe('opaque');
      const listener = listen(node.port, '/out');
      await node.stream((status) => status.buffer.heldSeconds > SECONDS / 2);
      const late = listen(node.port, '/out');
      expect(await source.exited).toBe(0);
      await until('the last byte', async () => (await node.status()).streams[0]!.inputs[0]!.state !== 'live');
      const original = await decode(file, codec);
      const result = compareAudio(original, await decode(listener.body(), codec), codec.rate, 400);
      expect(result.differs).toBe('');
      expect(result.seconds).toBeGreaterThan(SECONDS - 4);
      // What a lossy decoder that began elsewhere makes of the same frames may differ by a bit for long.
      const lateHeard = await decode(late.body(), codec);
      expect(late.body().length).toBeLessThan(listener.body().length);
      expect(lateHeard.length / (codec.rate * 4)).toBeGreaterThan(2);
      if (codec.name.startsWith('FLAC')) expect(compareAudio(original, lateHeard, codec.rate, 0).differs).toBe('');
      if (codec.container === 'mp3') expect(bytesOf(file).includes(listener.body().subarray(0, 4000))).toBe(true);
      listener.close();
      late.close();
      await node.stop('SIGINT');
    });
  }
});
