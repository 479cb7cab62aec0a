import { accountLife } from './api/account-life.ts';
import { accounts } from './api/accounts.ts';
import { audit } from './api/audit.ts';
import { catalogue } from './api/catalogue.ts';
import { drills } from './api/drills.ts';
import type { Operation } from './api/operation.ts';
import { orders } from './api/orders.ts';
import { payments } from './api/payments.ts';
import { plain } from './api/plain.ts';
import { system } from './api/system.ts';

/**
 * Everything that the gateway serves, by operationId: the OpenAPI document and the client are made from it, and the
 * gateway's routes are checked against it.
 */
export const api = {
  ...accounts,
  ...accountLife,
  ...catalogue,
  ...orders,
  ...payments,
  ...audit,
  ...drills,
  ...plain,
  ...system,
} as const satisfies Record<string, Operation>;

export type Api = typeof api;
export type OperationId = keyof Api;

/** The table as a list, each row with its id. */
export const operations: (Operation & { id: string })[] = Object.entries(api).map(([id, operation]) => ({
  ...(operation as Operation),
  id,
}));
