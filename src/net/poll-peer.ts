import type { Clock } from '../core/clock.ts';
import { DistreamError, ProtocolViolation } from '../core/errors.ts';
import { cleanText } from '../core/text.ts';
import type { DialTarget, NetworkAccess } from '../modules/network.ts';
import { encodePollRequest, maxPollBytes, type PollRequest } from '../protocols/distreamer/poll-request.ts';
import type { WholeResponse } from '../protocols/http/response-reader.ts';
import { requestOnce } from './request-once.ts';

/** One poll of a DiStreamer peer: its requests come from a `PollPull` or `PollPush`, which takes the answers. */
export interface PollPeerOptions {
  readonly network: Pick<NetworkAccess, 'dial'>;
  readonly target: DialTarget;
  readonly clock: Clock;
  readonly password: string;
  readonly poll: {
    begin(): PollRequest;
    /** Throws ProtocolViolation. */
    answer(response: WholeResponse): PollRequest | undefined;
  };
}

const FORBIDDEN = 403;

/** Asks until the poll is over. Rejects as `requestOnce` does, and with REFUSED when the password is wrong. */
export async function pollPeer({ network, target, clock, password, poll }: PollPeerOptions): Promise<void> {
  const url = target.displayUrl;
  let request: PollRequest | undefined = poll.begin();
  while (request) {
    const maxBodyBytes = request.method === 'GET' ? maxPollBytes(request.subject) : maxPollBytes('list');
    const bytes = encodePollRequest(request, url, password);
    const response = await requestOnce({ network, target, clock, request: bytes, maxBodyBytes });
    if (response.status === FORBIDDEN) {
      throw new DistreamError('REFUSED', { url, reason: cleanText(response.body.toString('latin1'), 200) });
    }
    try {
      request = poll.answer(response);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      throw new DistreamError('PROTOCOL_VIOLATION', { peer: url, reason: error.message }, { cause: error });
    }
  }
}
