import { z } from 'zod';
import { VERSION } from '../../core/version.ts';
import { defineInput, type InputContext } from '../../modules/input.ts';
import { durationMs, secret } from '../../modules/values.ts';
import { Puller, type PullMemory, type PullOptions } from './puller.ts';
import { parseStreamUrl } from './stream-url.ts';

const streamAddress = () =>
  z
    .string()
    .max(2048)
    .refine((text) => parseStreamUrl(text) !== undefined, 'expected an address such as http://host:8000/live.mp3');

const schema = z.strictObject({
  url: streamAddress().describe(
    'Address of the stream or of its playlist: http, https or icy. May hold `user:password@`, which is never shown.',
  ),
  urls: z
    .array(streamAddress())
    .max(16)
    .default([])
    .describe('More addresses of the same feed, tried in turn when one fails.'),
  user: z.string().max(256).optional().describe('User, for a stream that asks for one.'),
  password: secret().optional().describe('Password of that user.'),
  metadata: z.boolean().default(true).describe('Ask for titles inside the audio (ICY metadata).'),
  timeout: durationMs({ min: '100ms', max: '10m' })
    .prefault('5s')
    .describe('Time to connect, and silence after which the server is left and tried anew.'),
  userAgent: z
    .string()
    .min(1)
    .max(256)
    .default(`distream/${VERSION}`)
    .describe('How distream names itself. Some servers give a page to names that hold `Mozilla`.'),
});

/** Pulls a stream from an Icecast, SHOUTcast or other HTTP server. */
export default defineInput({
  type: 'icecast',
  summary: 'Pulls a stream from an Icecast, SHOUTcast or other HTTP server.',
  overLine: true,
  schema,
  async run(context) {
    const puller = new Puller(context, pullOptions(context.options), memoryOf(context));
    context.onReport(() => puller.report());
    try {
      await puller.pull();
    } catch (error) {
      if (!context.signal.aborted) throw error;
    }
  },
});

function pullOptions(options: z.output<typeof schema>): PullOptions {
  const { url, urls, user, password, metadata, timeout, userAgent } = options;
  return {
    origins: [url, ...urls].map((text) => parseStreamUrl(text)).filter((origin) => origin !== undefined),
    credentials:
      user === undefined && password === undefined ? undefined : { user: user ?? '', password: password ?? '' },
    metadata,
    timeoutMs: timeout,
    userAgent,
  };
}

function memoryOf({ memory }: Pick<InputContext<unknown>, 'memory'>): PullMemory {
  const known = memory.get('icecast') as PullMemory | undefined;
  if (known) return known;
  const fresh: PullMemory = { next: 0, sessions: 0, connections: 0, redirects: 0 };
  memory.set('icecast', fresh);
  return fresh;
}
