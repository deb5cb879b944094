/**
 * Orders of the administrator to a stream. Each is logged with who gave it.
 * @module
 */
import { z } from 'zod';
import { cleanText } from '../../../core/text.ts';
import type { SteeredStream, SteeringOutcome } from '../../steer/steered-stream.ts';
import { mountsOfStream, parseListenerId } from '../listener-id.ts';
import { operation } from '../operation.ts';
import { type Answer, type Exchange, noContent, problem, type Route } from '../route.ts';
import { noSuchStream } from './history.ts';

const MAX_TITLE = 300;
const STREAM = ['NAME', 'Name of a stream'] as const;
const DONE = { 204: { description: 'Done' } } as const;
const NO_STREAM = { 404: { description: 'There is no such stream' } } as const;

const PROBLEMS: Readonly<Record<Exclude<SteeringOutcome, 'done'>, readonly [status: number, title: string]>> = {
  missing: [404, 'The stream has no such input, fallback or output'],
  'no-source': [409, 'No source gives audio'],
  unsupported: [409, 'This format carries its titles within: set it at the source'],
};

/** Logs an order: `admin restarted the input`. */
export function tellOrder({ view, identity, clientAddress }: Exchange, stream: string | undefined, what: string): void {
  const log = stream === undefined ? view.log : view.log.child({ stream });
  const who = identity ? `${identity.by === 'token' ? 'the token ' : ''}${identity.name}` : 'this machine';
  log.info(`${who} ${what}`, { address: clientAddress });
}

/** Gives an order to the stream of the path, and tells it when it was carried out. */
async function steer(
  exchange: Exchange,
  what: string,
  order: (stream: SteeredStream) => SteeringOutcome | Promise<SteeringOutcome>,
): Promise<Answer> {
  const stream = exchange.view.steered(exchange.params[0]!);
  if (!stream) return noSuchStream();
  const outcome = await order(stream);
  if (outcome !== 'done') return problem(...PROBLEMS[outcome]);
  tellOrder(exchange, stream.name, what);
  return noContent();
}

const action = z.enum(['start', 'stop', 'restart']);
const PAST = { start: 'started', stop: 'stopped', restart: 'restarted' } as const;

const inputOrder = z.strictObject({
  action,
  index: z.int().min(0).max(16).optional().describe('0 (default) the main input, then the fallbacks'),
});
const outputOrder = z.strictObject({ action });
const fallbackOrder = z.strictObject({ active: z.boolean() });
const titleOrder = z.strictObject({
  title: z.string().max(4096).describe('Shown as one line of at most 300 characters'),
  artist: z.string().max(4096).optional(),
});

function steerOutput(exchange: Exchange, order: z.infer<typeof outputOrder>): Promise<Answer> | Answer {
  const text = exchange.params[1]!;
  if (!/^\d{1,4}$/.test(text)) return problem(...PROBLEMS.missing);
  const index = Number(text);
  return steer(exchange, `${PAST[order.action]} output ${index + 1}`, (stream) =>
    stream.steerOutput(index, order.action),
  );
}

function setTitle(exchange: Exchange, order: z.infer<typeof titleOrder>): Promise<Answer> {
  const artist = order.artist === undefined ? '' : cleanText(order.artist, MAX_TITLE);
  const own = cleanText(order.title, MAX_TITLE);
  const title = artist === '' ? own : cleanText(`${artist} - ${own}`, MAX_TITLE);
  return steer(exchange, `set the title "${title}"`, (stream) =>
    stream.setTitle({ title, ...(artist === '' ? {} : { artist }) }),
  );
}

function kickListener(exchange: Exchange): Answer {
  const { view, params } = exchange;
  const [name, text] = params as [string, string];
  const wanted = parseListenerId(text);
  const mount = mountsOfStream(view, name).find((each) => each.mount === wanted?.mount);
  if (!wanted || !mount?.kick(wanted.id)) return problem(404, 'There is no such listener');
  tellOrder(exchange, name, `disconnected listener ${wanted.id} of ${mount.mount}`);
  return noContent();
}

function kickSource(exchange: Exchange): Answer {
  const { view, params } = exchange;
  const name = params[0]!;
  if (!view.hasStream(name)) return noSuchStream();
  const sources = view.directory().sources.filter(({ streamName }) => streamName === name);
  const killed = sources.filter((source) => source.kill('disconnected by the administrator'));
  if (killed.length === 0) return problem(409, 'No source is connected');
  tellOrder(exchange, name, 'disconnected the source');
  return noContent();
}

/** The routes. */
export const STEERING_ROUTES: readonly Route[] = [
  operation({
    path: '/api/v1/streams/*/input',
    method: 'POST',
    role: 'admin',
    tag: 'steering',
    summary: 'Start, stop or restart an input',
    description: 'What is stopped by hand stays so until it is started by hand, or the node is started anew.',
    params: [STREAM],
    request: inputOrder,
    answers: { ...DONE, ...NO_STREAM },
    handle: (exchange, { action: wanted, index = 0 }) =>
      steer(exchange, `${PAST[wanted]} ${index === 0 ? 'the input' : `fallback ${index}`}`, (stream) =>
        stream.steerInput(index, wanted),
      ),
  }),
  operation({
    path: '/api/v1/streams/*/fallback',
    method: 'POST',
    role: 'admin',
    tag: 'steering',
    summary: 'Play the fallback although the main input may be well, or take that back',
    description: 'The way back is taken as after an outage: when the main input has given audio for a second.',
    params: [STREAM],
    request: fallbackOrder,
    answers: { ...DONE, ...NO_STREAM },
    handle: (exchange, { active }) =>
      steer(exchange, active ? 'switched to the fallback' : 'allowed the main input again', (stream) =>
        stream.forceFallback(active),
      ),
  }),
  operation({
    path: '/api/v1/streams/*/outputs/*',
    method: 'POST',
    role: 'admin',
    tag: 'steering',
    summary: 'Start, stop or restart an output',
    description: 'INDEX counts from 0, as in the status. Listeners of an output that stops are disconnected.',
    params: [STREAM, ['INDEX', 'Which output, from 0']],
    request: outputOrder,
    answers: { ...DONE, 404: { description: 'There is no such stream or output' } },
    handle: steerOutput,
  }),
  operation({
    path: '/api/v1/streams/*/title',
    method: 'POST',
    role: 'admin',
    tag: 'steering',
    summary: 'Show a title until the source sends another',
    description: 'Listeners come to it after the reserve.',
    params: [STREAM],
    request: titleOrder,
    answers: { ...DONE, ...NO_STREAM, 409: { description: 'No source gives audio, or its format has its own titles' } },
    handle: setTitle,
  }),
  operation({
    path: '/api/v1/streams/*/listeners/*',
    method: 'DELETE',
    role: 'admin',
    tag: 'steering',
    summary: 'Disconnect a listener',
    params: [STREAM, ['ID', 'As in `GET /api/v1/streams/NAME/listeners`']],
    answers: { ...DONE, 404: { description: 'There is no such listener' } },
    handle: kickListener,
  }),
  operation({
    path: '/api/v1/streams/*/source',
    method: 'DELETE',
    role: 'admin',
    tag: 'steering',
    summary: 'Disconnect the encoder that sends to this stream',
    description: 'It may connect again. The stream and its listeners stay.',
    params: [STREAM],
    answers: { ...DONE, ...NO_STREAM, 409: { description: 'No source is connected' } },
    handle: kickSource,
  }),
];
