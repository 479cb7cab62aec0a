import { api, type OperationId } from '@orderflow/contracts/api';
import type { Operation } from '@orderflow/contracts/api/operation';
import { problem } from '@orderflow/contracts/errors';
import type { z } from 'zod';
import { ContractError } from './errors.ts';
import type { Answer, Refusal } from './types.ts';

/**
 * What an operation answered, checked against its contract. `read` reads the body of a response to its end.
 * Throws ContractError.
 */
export async function readAnswer<Id extends OperationId>(
  id: Id,
  response: Response,
  read: (response: Response) => Promise<string>,
): Promise<Answer<Id>> {
  const { status, headers } = response;
  const { success }: Operation = api[id];
  if (status !== success.status) {
    if (response.ok) {
      await response.body?.cancel();
      throw new ContractError(id, `status ${status} instead of ${success.status}`);
    }
    return refusal(response, await read(response));
  }
  if (!success.schema && success.contentType) {
    await mustBe(id, success.contentType, response);
    return { ok: true, status, headers, body: response as never };
  }
  const text = await read(response);
  const body = success.schema && parseAs(id, success.schema, text);
  return { ok: true, status, headers, body: body as never };
}

function refusal({ status, headers }: Response, text: string): Refusal {
  let body: unknown = text;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch {
    // Proxies on the way answer with pages for people.
  }
  return { ok: false, status, headers, body, problem: problem.safeParse(body).data };
}

async function mustBe(id: OperationId, wanted: string, { headers, body }: Response): Promise<void> {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? 'nothing';
  if (type === wanted || (wanted.endsWith('/*') && type.startsWith(wanted.slice(0, -1)))) return;
  await body?.cancel();
  throw new ContractError(id, `${type} instead of ${wanted}`);
}

/** JSON as its schema has it. Throws ContractError that names every wrong field. */
export function parseAs<T extends z.ZodType>(id: OperationId, schema: T, text: string): z.output<T> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ContractError(id, 'a body that is not JSON');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`,
  );
  throw new ContractError(id, wrong.join('; '));
}
