import type { Query } from '@orderflow/service-kit/database';

/** More than end within the life of a token, but for a flood of log-outs: then the oldest are left to expire. */
const MOST = 10_000;

const ENDED = `
  SELECT id FROM sessions WHERE revoked_at > now() - make_interval(secs => $1) ORDER BY revoked_at DESC LIMIT ${MOST}`;

/** The sessions that were ended within the life of an access token. */
export const endedSessions = async (query: Query, accessSeconds: number): Promise<string[]> =>
  (await query<{ id: string }>(ENDED, [accessSeconds])).map(({ id }) => id);
