import { ENDED_SESSIONS_PATH, endedSessionsView } from '@orderflow/contracts/auth';

type Options = {
  /** Older, and it is read again while the old one is used. */
  staleMs?: number;
  /** Older, and nobody goes on without a new one. */
  oldMs?: number;
};

/**
 * Returns a function that says whether a session was ended before its access token expires. The list is read again when it
 * is needed and 5 s old; after 30 s without a request, the request waits for it. While it cannot be read the last one
 * counts: a token is good for some minutes at most.
 */
export function createEndedSessions(
  load: () => Promise<string[]>,
  { staleMs = 5_000, oldMs = 30_000 }: Options = {},
) {
  let ended: ReadonlySet<string> = new Set();
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  const read = async () => {
    ended = await load().then(
      (ids) => new Set(ids),
      () => ended,
    );
    readAt = performance.now();
    reading = undefined;
  };

  return async (sessionId: string): Promise<boolean> => {
    const age = performance.now() - readAt;
    if (age > staleMs) reading ??= read();
    if (age > oldMs) await reading;
    return ended.has(sessionId);
  };
}

export type IsEnded = ReturnType<typeof createEndedSessions>;

/** The list that the customer service at `url` publishes. */
export const remoteEndedSessions = (url: string): IsEnded =>
  createEndedSessions(async () => {
    const response = await fetch(new URL(ENDED_SESSIONS_PATH, url), { signal: AbortSignal.timeout(1_000) });
    return endedSessionsView.parse(await response.json()).sessions;
  });
