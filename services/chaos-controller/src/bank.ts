import type { BankFault } from '@orderflow/contracts/drills';
import { ProblemError } from '@orderflow/service-kit/problem';

const TIMEOUT_MS = 3_000;

/** The bank's own settings for its faults. Each call throws `unavailable` when it is not known what came of it. */
export function bankFaults({ url, internalToken }: { url: string; internalToken: string }) {
  async function ask(method: 'GET' | 'PUT' | 'DELETE', body?: BankFault): Promise<Record<string, unknown>> {
    const response = await fetch(new URL('/v1/faults', url), {
      method,
      headers: { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: unknown) => Promise.reject(noAnswer(error)));
    if (!response.ok) throw noAnswer(new Error(`it answered ${response.status}`));
    return (await response.json()) as Record<string, unknown>;
  }

  return {
    read: () => ask('GET'),
    set: (fault: BankFault) => ask('PUT', fault),
    reset: () => ask('DELETE'),
  };
}

export type BankFaults = ReturnType<typeof bankFaults>;

const noAnswer = (cause: unknown) =>
  new ProblemError('unavailable', 'The bank gave no proper answer about its faults. Ask again in a second.', {
    retryAfter: 1,
    cause,
  });

/** Where there is no simulated bank, a drill that wants its faults is refused before it comes to them. */
export const noBank: Pick<BankFaults, 'set' | 'reset'> = {
  set: () => Promise.reject(noAnswer(new Error('there is no simulated bank'))),
  reset: async () => ({}),
};
