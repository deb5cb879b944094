/** What happened in a swarm since its coordinator began; totals. */
export class SwarmCounters {
  /** Transfers ordered, and how they ended. */
  ordered = 0;
  good = 0;
  wrong = 0;
  failed = 0;
  timedOut = 0;
  /** Payload of good transfers. */
  bytesFromServer = 0;
  bytesFromPeers = 0;
  /** Callers that nobody had sent. */
  refusedQuestions = 0;
  unknownUrls = 0;
  /** Givers that several takers had wrong bytes from. */
  barred = 0;
}

/** The share of payload that peers carried, 0 to 1; undefined before the first byte. */
export function offloadOf({ bytesFromPeers, bytesFromServer }: SwarmCounters): number | undefined {
  const all = bytesFromPeers + bytesFromServer;
  return all === 0 ? undefined : bytesFromPeers / all;
}
