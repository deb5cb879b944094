import { z } from 'zod';
import type { TrackMetadata } from '../../core/fragment.ts';
import { defineInput } from '../../modules/input.ts';
import { durationMs, listenAddress, secret } from '../../modules/values.ts';
import { runSourceMount } from '../source-mount/run.ts';

/** DiStreamer's ShoutcastSourceServer: a SHOUTcast v1 encoder sends to the port above its own. */
export default defineInput({
  type: 'distreamer-source-server',
  summary: "DiStreamer's ShoutcastSourceServer: a SHOUTcast v1 encoder sends to the port above its own.",
  schema: z.strictObject({
    listen: listenAddress()
      .prefault({ host: '0.0.0.0', port: 8080 })
      .describe('Titles come to this port, the audio to the one above.'),
    password: secret().default('distreamer').describe('Password that the encoder gives.'),
    timeout: durationMs({ min: '1s' }).prefault('5s').describe('A source that sends nothing for so long is dropped.'),
    timeKeyInterval: z
      .number()
      .default(-1)
      .describe('Adds the time to titles as ` {unix seconds}`: -1 off, 0 to every title, else every so many seconds.'),
  }),
  run: (context) => {
    const { listen, password, timeout, timeKeyInterval } = context.options;
    let title: TrackMetadata | undefined;
    const stamp = (metadata: TrackMetadata): TrackMetadata => {
      title = metadata;
      if (timeKeyInterval < 0) return metadata;
      const seconds = (context.clock.utcMs() / 1000).toFixed(3);
      return { ...metadata, title: `${metadata.title} {${seconds}}` };
    };
    return runSourceMount(context, {
      mount: '/',
      user: 'source',
      password,
      timeoutMs: timeout,
      http: false,
      shoutcast: true,
      listen,
      decorate: stamp,
      stats: (mount) => ({ sourceConnected: mount.source() !== undefined }),
      onOpen: (mount) => {
        if (timeKeyInterval <= 0) return;
        const timer = context.clock.every(timeKeyInterval * 1000, () => mount.setTitle({ song: title?.title ?? '' }));
        context.signal.addEventListener('abort', () => timer.cancel(), { once: true });
      },
    });
  },
});
