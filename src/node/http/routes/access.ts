/**
 * Who asks, signing in and signing out.
 * @module
 */
import { z } from 'zod';
import { sessionCookie } from '../../access/sessions.ts';
import { operation } from '../operation.ts';
import { type Answer, type Exchange, json, noContent, problem, type Route, signInRequired } from '../route.ts';

const meSchema = z.object({
  role: z.enum(['admin', 'listener']),
  user: z.string().optional().describe('Who is signed in: a user, or the name of a token'),
  canSignIn: z.boolean().describe('There is an administrator whose password is known to somebody'),
  publicView: z.enum(['full', 'reduced', 'off']),
  demo: z.boolean().describe('This node is the demo: `/api/v1/demo` tells of its line'),
  pathPrefix: z.string().optional().describe('Where a reverse proxy shows this node, from its `X-Forwarded-Prefix`'),
});

function me({ identity, view, pathPrefix }: Exchange): Answer {
  const { access, publicView, isDemo } = view;
  const answer: z.infer<typeof meSchema> = {
    role: identity ? 'admin' : 'listener',
    ...(identity ? { user: identity.name } : {}),
    canSignIn: access.canSignIn && !isDemo,
    publicView,
    demo: isDemo,
    ...(pathPrefix === '' ? {} : { pathPrefix }),
  };
  return json(answer);
}

const signInSchema = z.strictObject({
  user: z.string().min(1).max(64).optional().describe('Default: the administrator of the configuration'),
  password: z.string().max(1024),
});

async function signIn(exchange: Exchange, { user, password }: z.infer<typeof signInSchema>): Promise<Answer> {
  const { view, clientAddress } = exchange;
  if (exchange.isBlocked()) {
    return problem(429, 'Too many wrong passwords', 'Try again in a minute.', { 'Retry-After': '60' });
  }
  const outcome = await view.access.signIn(user, password);
  if (outcome === 'busy') {
    return problem(429, 'Others are signing in', 'Try again in a second.', { 'Retry-After': '1' });
  }
  if (outcome === 'wrong') {
    exchange.countFailure();
    view.log.warn('a sign-in was refused: the user or the password is wrong', { address: clientAddress });
    return signInRequired('The user or the password is wrong');
  }
  view.log.info(`${outcome.user} signed in`, { address: clientAddress });
  return noContent({ 'Set-Cookie': cookieOf(exchange, outcome.token) });
}

function signOut(exchange: Exchange): Answer {
  const { identity, view, clientAddress } = exchange;
  if (identity?.by === 'session') {
    view.access.signOut(identity);
    view.log.info(`${identity.name} signed out`, { address: clientAddress });
  }
  return noContent({ 'Set-Cookie': cookieOf(exchange, '') });
}

function cookieOf({ isSecure, pathPrefix }: Exchange, token: string): string {
  return sessionCookie(token, { isSecure, path: `${pathPrefix}/` });
}

/** The routes. */
export const ACCESS_ROUTES: readonly Route[] = [
  operation({
    path: '/api/v1/me',
    method: 'GET',
    role: 'guest',
    tag: 'access',
    summary: 'Who asks, and what the node lets everyone see',
    answers: { 200: { description: 'You', schema: meSchema } },
    handle: me,
  }),
  operation({
    path: '/api/v1/session',
    method: 'POST',
    role: 'public',
    tag: 'access',
    summary: 'Sign in',
    description:
      'The cookie `distream_session` is HttpOnly and SameSite=Strict. A session ends after a day without use, and after a ' +
      'week. Machines use `Authorization: Bearer TOKEN` instead.',
    request: signInSchema,
    answers: {
      204: { description: 'Signed in: the cookie is set' },
      401: { description: 'The user or the password is wrong' },
      429: { description: 'Too many tries; `Retry-After` says for how long' },
    },
    handle: signIn,
  }),
  operation({
    path: '/api/v1/session',
    method: 'DELETE',
    role: 'guest',
    tag: 'access',
    summary: 'Sign out',
    description: 'Live feeds of the session end within a second.',
    answers: { 204: { description: 'Signed out' } },
    handle: signOut,
  }),
];
