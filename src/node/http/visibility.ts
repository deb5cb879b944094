/**
 * Answers that a reduced public view keeps from strangers.
 * @module
 */
import type { FeedSubscription } from '../events/feed-clients.ts';
import { type Answer, type Exchange, problem, signInRequired } from './route.ts';

type Handle = (exchange: Exchange) => Answer;

/** Strangers are told to sign in while the public view is reduced. @param isTrusted who is no stranger */
export function unlessReduced(
  handle: Handle,
  isTrusted: (exchange: Exchange) => boolean = ({ isAdmin }) => isAdmin,
): Handle {
  return (exchange) =>
    isTrusted(exchange) || exchange.view.publicView === 'full' ? handle(exchange) : signInRequired();
}

/**
 * `isAllowed` of who opens a feed: administrators as long as they may, others as long as strangers may.
 * @param mayStrangers looked at each time
 */
export function allowanceOf({ view, identity }: Exchange, mayStrangers: () => boolean): () => boolean {
  return () => (identity ? view.access.isOpen(identity) : mayStrangers());
}

/** A feed that pages can be opened to, as far as an answer needs it. */
interface LiveFeed<Subscription extends FeedSubscription> {
  readonly hasRoom: boolean;
  open(response: Parameters<NonNullable<Answer['stream']>>[0], subscription: Subscription): void;
}

/** Server-Sent Events without end; 503 when too many pages are open. */
export function liveAnswer<Subscription extends FeedSubscription>(
  feed: LiveFeed<Subscription>,
  subscription: Subscription,
): Answer {
  if (!feed.hasRoom) return problem(503, 'Too many pages are open', undefined, { 'Retry-After': '30' });
  return {
    status: 200,
    contentType: 'text/event-stream; charset=utf-8',
    body: '',
    // Proxies such as nginx would gather the events.
    headers: { 'X-Accel-Buffering': 'no' },
    stream: (response) => feed.open(response, subscription),
  };
}
