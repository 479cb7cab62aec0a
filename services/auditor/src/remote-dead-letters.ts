import { errorCodes, problem } from '@orderflow/contracts/errors';
import { deadLetterDetail, deadLetterPage, deadLettersMoved } from '@orderflow/contracts/http/dead-letters';
import type { DeadLetters } from '@orderflow/messaging/dead-letters-views';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { z } from 'zod';

type Options = { service: string; url: string; internalToken: string; timeoutMs?: number };

/** The dead letters of another service, asked of itself. Throws its problems, and `unavailable` without an answer. */
export function remoteDeadLetters({ service, url, internalToken, timeoutMs = 3_000 }: Options): DeadLetters {
  const headers = { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' };

  async function ask<T extends z.ZodType>(path: string, answer: T, body?: object): Promise<z.infer<T>> {
    const response = await fetch(new URL(`/internal/dead-letters${path}`, url), {
      method: body ? 'POST' : 'GET',
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => Promise.reject(noAnswer(error)));
    const content: unknown = await response.json().catch((error: unknown) => Promise.reject(noAnswer(error)));
    if (response.ok) return answer.parse(content);
    const refused = problem.safeParse(content).data;
    if (refused && errorCodes[refused.code].status === 404)
      throw new ProblemError(refused.code, refused.detail);
    throw noAnswer(new Error(`it answered ${response.status}: ${refused?.detail}`));
  }

  const noAnswer = (cause: unknown) =>
    new ProblemError(
      'unavailable',
      `The service ${service} gave no proper answer, so what was asked may be done or not. Look at its list when it is back and ask again: twice does no harm.`,
      { retryAfter: 2, cause },
    );

  return {
    list(query) {
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined) search.set(name, String(value));
      }
      return ask(`?${search}`, deadLetterPage);
    },
    get: (id) => ask(`/${id}`, deadLetterDetail),
    redrive: (selection) => ask('/redrive', deadLettersMoved, selection),
    discard: (what) => ask('/discard', deadLettersMoved, what),
  };
}
