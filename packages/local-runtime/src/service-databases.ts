import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type LocalPostgres } from './postgres.ts';
import { randomSecret } from './secrets.ts';
import type { ServiceSpec } from './services.ts';

/**
 * A database and a role of its own, `orderflow_NAME`, for each service that has a schema; gives their addresses by
 * service. The passwords are new each time and kept nowhere.
 */
export async function createDatabases(options: {
  services: ServiceSpec[];
  root: string;
  postgres: LocalPostgres;
}): Promise<Map<string, string>> {
  const urls = new Map<string, string>();
  for (const service of options.services) {
    if (!existsSync(join(options.root, 'services', service.name, 'prisma'))) continue;
    const name = `orderflow_${service.name.replaceAll('-', '_')}`;
    const password = randomSecret();
    await createDatabase(options.postgres, { name, owner: name, password });
    urls.set(service.name, options.postgres.url(name, { user: name, password }));
  }
  return urls;
}
