import { operations } from '@orderflow/contracts/api';
import type { Operation } from '@orderflow/contracts/api/operation';

const table = operations.map((operation) => ({ operation, pattern: patternOf(operation.path) }));

/** The operation of the API that a request asks for; Express takes capitals and a slash at the end as well. */
export function operationOf({ method, path }: { method: string; path: string }): Operation | undefined {
  const wanted = method.toLowerCase();
  return table.find(({ operation, pattern }) => operation.method === wanted && pattern.test(path))?.operation;
}

function patternOf(path: string): RegExp {
  const escaped = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\{\w+\}/g, '[^/]+')}/?$`, 'i');
}
