/**
 * The configuration of a node that runs, and keys for it.
 * @module
 */
import { z } from 'zod';
import { generatePrivateKey, publicKeyOf } from '../../../protocols/link/keys.ts';
import type { ConfigSteering } from '../../steer/config-steering.ts';
import { operation } from '../operation.ts';
import { type Answer, type Exchange, json, problem, type Route } from '../route.ts';
import { tellOrder } from './steering.ts';

const previewSchema = z.object({
  diff: z.string().describe('Unified difference of the configurations as they take effect, secrets masked'),
  changes: z.array(z.string()).describe('What a reload would do, in words'),
});
const names = (text: string) => z.array(z.string()).describe(text);
const changesSchema = z.object({
  started: names('New streams'),
  stopped: names('Streams that are gone'),
  restarted: names('Streams that changed: they ended and began anew'),
  kept: names('Streams that nobody touched'),
  applied: names('Parts of the node that took effect'),
  needsRestart: names('Parts of the node that take effect when it is started anew'),
});

const WRONG = {
  409: { description: 'The node has no configuration file' },
  422: { description: 'The configuration is wrong: `detail` says what `distream check` says; nothing was changed' },
} as const;

async function withConfiguration(
  { view }: Exchange,
  use: (configuration: ConfigSteering) => Promise<Answer>,
): Promise<Answer> {
  const { configuration } = view;
  if (!configuration) return problem(409, 'This node has no configuration file');
  try {
    return await use(configuration);
  } catch (error) {
    return problem(422, 'The configuration is wrong', configuration.describe(error));
  }
}

function reload(exchange: Exchange): Promise<Answer> {
  return withConfiguration(exchange, async (configuration) => {
    const changes = await configuration.reload();
    const { started, stopped, restarted, kept } = changes;
    const counts = `${started.length} started, ${stopped.length} stopped, ${restarted.length} restarted, ${kept.length} kept`;
    tellOrder(exchange, undefined, `reloaded the configuration: ${counts}`);
    return json(changes);
  });
}

function makeKey(exchange: Exchange): Answer {
  const privateKey = generatePrivateKey();
  tellOrder(exchange, undefined, 'made a link key');
  return json({ privateKey, publicKey: publicKeyOf(privateKey) });
}

/** The routes. */
export const CONFIGURATION_ROUTES: readonly Route[] = [
  operation({
    path: '/api/v1/config/preview',
    method: 'POST',
    role: 'admin',
    tag: 'configuration',
    summary: 'What a reload of the configuration would change',
    answers: { 200: { description: 'The difference', schema: previewSchema }, ...WRONG },
    handle: (exchange) => withConfiguration(exchange, async (configuration) => json(await configuration.preview())),
  }),
  operation({
    path: '/api/v1/config/reload',
    method: 'POST',
    role: 'admin',
    tag: 'configuration',
    summary: 'Read the configuration anew and use it',
    description:
      'Streams that did not change are not touched: their listeners notice nothing. The signal SIGHUP does the same. ' +
      'A configuration that is wrong changes nothing.',
    answers: { 200: { description: 'What became of what', schema: changesSchema }, ...WRONG },
    handle: reload,
  }),
  operation({
    path: '/api/v1/keys',
    method: 'POST',
    role: 'admin',
    tag: 'configuration',
    summary: 'Make a key for links',
    description: 'It is kept nowhere: write it into the configuration.',
    answers: {
      200: { description: 'The key', schema: z.object({ privateKey: z.string(), publicKey: z.string() }) },
    },
    handle: makeKey,
  }),
];
