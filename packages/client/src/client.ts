import { api, type OperationId } from '@orderflow/contracts/api';
import type { Operation } from '@orderflow/contracts/api/operation';
import { newId } from '@orderflow/contracts/ids';
import { readAnswer } from './answer.ts';
import { ApiError } from './errors.ts';
import { type Connection, describe, exchange, orNoAnswer } from './exchange.ts';
import { type FollowOptions, follow } from './follow.ts';
import { isRepeatable, pauseAfter } from './retries.ts';
import { patience, sleep } from './time.ts';
import type { Answer, AnyInput, CallInput, Given, Result, SendInput } from './types.ts';

export type ClientOptions = Connection & {
  /** How long an answer may take, for each try. */
  timeoutMs?: number;
  /** How often `call` tries again. */
  retries?: number;
};

/**
 * A client of the HTTP API, typed by the contracts. It runs wherever there is `fetch`: in Node and in browsers.
 * Answers are checked; one that is not as the contracts promise throws ContractError and is never passed on.
 */
export function createClient({
  timeoutMs = 30_000,
  retries: retriesOfAll = 0,
  ...connection
}: ClientOptions) {
  async function answerTo<Id extends OperationId>(id: Id, input: AnyInput): Promise<Answer<Id>> {
    const waiting = patience(timeoutMs, input.signal);
    try {
      const response = await exchange(connection, id, input, waiting.signal);
      return await readAnswer(id, response, (body) => orNoAnswer(body.text(), id, input));
    } finally {
      waiting.over();
    }
  }

  /**
   * Asks once and gives whatever is answered, refusals too: for tests and load. Throws NoAnswerError when nothing
   * comes, and ContractError.
   */
  async function send<Id extends OperationId>(id: Id, ...[input]: Given<SendInput<Id>>): Promise<Answer<Id>> {
    return answerTo(id, (input ?? {}) as AnyInput);
  }

  /**
   * Gives what the operation gives, or throws ApiError, NoAnswerError or ContractError.
   *
   * With `retries` it tries again when there was no answer, and after 429, 502, 503, 504 and whatever carries
   * `Retry-After`; it waits at least as long as told, but not for more than 30 s: then the error is thrown at once.
   * Only what is safe to repeat is repeated: GET, PUT, DELETE, and what has an idempotency key. Where the operation
   * takes a key and none was given, one is drawn, the same for all tries. An ApiError with the code `outcome_unknown` names
   * the key by which the same call is not done twice.
   */
  async function call<Id extends OperationId>(id: Id, ...[given]: Given<CallInput<Id>>): Promise<Result<Id>> {
    const row: Operation = api[id];
    const { retries = retriesOfAll, ...input } = (given ?? {}) as AnyInput & { retries?: number };
    if (retries > 0 && row.idempotencyKey) input.idempotencyKey ??= newId();
    const tries = isRepeatable(row, input.idempotencyKey) ? 1 + retries : 1;
    for (let tried = 1; ; tried++) {
      try {
        const answer = await answerTo(id, input);
        if (answer.ok) return answer.body;
        throw new ApiError(describe(id, input), answer);
      } catch (error) {
        const pauseMs = tried < tries ? pauseAfter(error, tried) : undefined;
        if (pauseMs === undefined) throw error;
        await sleep(pauseMs, input.signal);
      }
    }
  }

  return {
    call,
    send,
    /** See `follow` of follow.ts. */
    follow: (orderId: string, options?: FollowOptions) => follow(connection, orderId, options),
  };
}

export type Client = ReturnType<typeof createClient>;
