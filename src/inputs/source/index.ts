import { z } from 'zod';
import { defineInput } from '../../modules/input.ts';
import { durationMs, generatedSecret, mountPath } from '../../modules/values.ts';
import { runSourceMount } from '../source-mount/run.ts';

/** Encoders send here: Icecast `PUT` and `SOURCE`, SHOUTcast v1 on port + 1. */
export default defineInput({
  type: 'source',
  summary: 'An encoder sends to this node: Icecast PUT or SOURCE, or SHOUTcast v1 on the port above.',
  schema: z.strictObject({
    mount: mountPath().describe('The mount that the encoder sends to.'),
    user: z.string().max(256).default('source').describe('User name that the encoder gives.'),
    password: generatedSecret().describe('Password that the encoder gives; made once when left out.'),
    shoutcast: z
      .boolean()
      .default(true)
      .describe('Also take SHOUTcast v1 sources on the port above, told apart by password.'),
    timeout: durationMs({ min: '1s' }).prefault('10s').describe('A source that sends nothing for so long is dropped.'),
  }),
  run: (context) => {
    const { mount, user, password, shoutcast, timeout } = context.options;
    return runSourceMount(context, {
      mount,
      user,
      password: password ?? '',
      timeoutMs: timeout,
      http: true,
      shoutcast,
    });
  },
});
