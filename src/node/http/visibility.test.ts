import { describe, expect, it } from 'vitest';
import type { FeedSubscription } from '../events/feed-clients.ts';
import { type Exchange, text } from './route.ts';
import { allowanceOf, liveAnswer, unlessReduced } from './visibility.ts';

type Seen = Partial<Pick<Exchange, 'isAdmin' | 'isThisMachine' | 'identity'>>;

function exchange(publicView: 'full' | 'reduced' | 'off', seen: Seen = {}, isOpen = true): Exchange {
  const view = { publicView, access: { isOpen: () => isOpen } };
  return { view, isAdmin: false, isThisMachine: false, identity: undefined, ...seen } as unknown as Exchange;
}

const subscription: FeedSubscription = { audience: 'public', isAllowed: () => true };
const admin: Seen = { isAdmin: true, identity: { name: 'admin', by: 'basic' } as unknown as Exchange['identity'] };

describe('what a reduced public view keeps from strangers', () => {
  const handle = unlessReduced(() => text('seen'));

  it.each([
    ['full', {}, 200],
    ['reduced', {}, 401],
    ['off', {}, 401],
    ['reduced', admin, 200],
  ] as const)('%s for %j: %i', (publicView, seen, status) => {
    expect(handle(exchange(publicView, seen)).status).toBe(status);
  });

  it('may trust others than administrators', () => {
    const near = unlessReduced(
      () => text('seen'),
      ({ isThisMachine }) => isThisMachine,
    );
    expect(near(exchange('reduced', { isThisMachine: true })).status).toBe(200);
    expect(near(exchange('reduced', admin)).headers).toEqual({ 'WWW-Authenticate': 'Bearer realm="distream"' });
  });
});

describe('who may go on with a feed', () => {
  it('is an administrator who is still signed in, or a stranger while strangers may', () => {
    let mayStrangers = true;
    const stranger = allowanceOf(exchange('full'), () => mayStrangers);
    expect(stranger()).toBe(true);
    mayStrangers = false;
    expect(stranger()).toBe(false);
    expect(allowanceOf(exchange('off', admin), () => false)()).toBe(true);
    expect(allowanceOf(exchange('full', admin, false), () => true)()).toBe(false);
  });
});

describe('an answer of events', () => {
  it('opens the feed, or says when to ask again', () => {
    const opened: unknown[] = [];
    const feed = { hasRoom: true, open: (...each: unknown[]) => void opened.push(each) };
    const answer = liveAnswer(feed, subscription);
    expect(answer).toMatchObject({ status: 200, headers: { 'X-Accel-Buffering': 'no' } });
    const response = {} as Parameters<NonNullable<typeof answer.stream>>[0];
    answer.stream!(response);
    expect(opened).toEqual([[response, subscription]]);
    const refused = liveAnswer({ ...feed, hasRoom: false }, subscription);
    expect(refused).toMatchObject({ status: 503, headers: { 'Retry-After': '30' } });
    expect(refused.stream).toBeUndefined();
  });
});
