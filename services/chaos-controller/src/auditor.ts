import {
  type CheckView,
  checkView,
  type InvariantsView,
  invariantsView,
} from '@orderflow/contracts/invariants';

type Options = { auditorUrl: string; internalToken: string; lookMs?: number; checkMs?: number };

/** What the auditor says, asked of itself and not of the gateway, which may be what a drill takes away. */
export function askAuditor({ auditorUrl, internalToken, lookMs = 2_000, checkMs = 60_000 }: Options) {
  const headers = { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' };

  async function ask(path: string, options: { timeoutMs: number; body?: object }): Promise<unknown> {
    const response = await fetch(new URL(path, auditorUrl), {
      method: options.body ? 'POST' : 'GET',
      headers,
      body: options.body && JSON.stringify(options.body),
      signal: AbortSignal.timeout(options.timeoutMs),
    });
    const content: unknown = await response.json();
    if (!response.ok) throw new Error(`The auditor answered ${response.status}: ${JSON.stringify(content)}`);
    return content;
  }

  return {
    /** Whether the invariants hold, by the continuous check. Throws without a proper answer. */
    async status(): Promise<InvariantsView['status']> {
      const content = await ask('/api/invariants', { timeoutMs: lookMs });
      return invariantsView.shape.status.parse((content as { status?: unknown }).status);
    },
    /** Checks now, which may take a minute. Throws without a proper answer. */
    async check({ since, settledBy }: { since: Date; settledBy: Date }): Promise<CheckView> {
      const body = { since: since.toISOString(), settledBy: settledBy.toISOString() };
      return checkView.parse(await ask('/api/invariants/checks', { timeoutMs: checkMs, body }));
    },
  };
}
