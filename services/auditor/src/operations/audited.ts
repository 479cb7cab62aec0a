import { newId } from '@orderflow/contracts/ids';
import type { Database } from '@orderflow/service-kit/database';

export type Deed = {
  actor: string;
  type: string;
  /** The service it is done to. */
  service: string;
  correlationId: string;
  reason?: string;
  target: object;
};

const NOTE = `
  INSERT INTO audit_log (id, time, actor, type, service, correlation_id, reason, target)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`;

const NOTE_RESULT = 'UPDATE audit_log SET result = $2 WHERE id = $1';

/**
 * Does what no event tells of. Who does it is written down and committed first: a deed that cannot be written down
 * is not done. How it ended follows.
 */
export async function audited<T extends object>(
  db: Database,
  { actor, type, service, correlationId, reason, target }: Deed,
  work: () => Promise<T>,
): Promise<T> {
  const id = newId();
  await db.query(NOTE, [id, new Date(), actor, type, service, correlationId, reason, target]);
  const noteResult = (result: object) => db.query(NOTE_RESULT, [id, result]);
  const result = await work().catch(async (error: Error) => {
    await noteResult({ error: error.message });
    throw error;
  });
  await noteResult(result);
  return result;
}
