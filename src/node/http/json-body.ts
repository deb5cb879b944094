import type { IncomingMessage } from 'node:http';
import { reasonOf } from '../../core/errors.ts';
import { type Answer, problem, type Route } from './route.ts';

/** Deeper JSON than any operation takes. */
const MAX_DEPTH = 16;

/**
 * The body of an operation as its schema gives it, or the answer that refuses it: 415 when it is not said to be JSON
 * (a form of another site's page cannot say so without being asked first), 400 when it is none, 422 when it does not fit.
 * @param text one character per byte
 */
export function parseJsonBody(
  request: IncomingMessage,
  { operation }: Route,
  text: string,
): { readonly body: unknown } | { readonly answer: Answer } {
  const schema = operation?.request;
  if (!schema) return { body: undefined };
  const contentType = request.headers['content-type'] ?? '';
  if (!/^application\/json\s{0,8}(;|$)/i.test(contentType)) {
    return { answer: problem(415, 'Send JSON', 'The content type must be application/json.') };
  }
  if (depthOf(text) > MAX_DEPTH) return { answer: problem(400, 'The JSON is nested too deeply') };
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'latin1').toString('utf8'));
  } catch (error) {
    return { answer: problem(400, 'That is not JSON', reasonOf(error)) };
  }
  const result = schema.safeParse(value);
  if (result.success) return { body: result.data };
  const issue = result.error.issues[0]!;
  const where = issue.path.map(String).join('.').slice(0, 100);
  return { answer: problem(422, 'The request does not fit', `${where}${where && ': '}${issue.message}`.slice(0, 300)) };
}

/** How deep brackets are nested, those in strings apart. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isString) {
      if (character === '\\') at++;
      else if (character === '"') isString = false;
    } else if (character === '"') isString = true;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth--;
  }
  return deepest;
}
