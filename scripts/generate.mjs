// Makes the database clients (services/NAME/src/generated/prisma) from the Prisma schemas: `node scripts/generate.mjs`.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nodeToUse } from './install/node.mjs';
import { root } from './install/root.mjs';
import { runQuietly } from './install/run.mjs';
import { schemas } from './install/stamp.mjs';

const atATime = 2;

/** The services whose schema has no generated client beside it. */
export function missingClients() {
  return schemas().filter(({ service }) => !existsSync(join(service, 'src/generated/prisma/client.ts')));
}

/** Generates the clients of `only` (all when not given), two at a time. Throws what Prisma said about each that failed. */
export async function generateClients({ only = schemas() } = {}) {
  const waiting = [...only];
  const failures = [];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      console.log(`Generating the database client of ${basename(next.service)} …`);
      const { code, output } = await generate(next);
      if (code !== 0) failures.push(`prisma generate --schema ${next.schema} failed:\n${output}`);
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  if (failures.length > 0)
    throw new Error(`${failures.join('\n')}\nMend the schema and run "node scripts/generate.mjs".`);
}

function generate({ service, schema }) {
  const prisma = join(root, 'node_modules/prisma/build/index.js');
  return runQuietly(nodeToUse(), [prisma, 'generate', '--schema', schema], {
    cwd: service,
    env: {
      ...process.env,
      // Generating does not use this engine, and Prisma would download it.
      PRISMA_SCHEMA_ENGINE_BINARY: ['/bin/true', '/usr/bin/true'].find((path) => existsSync(path)),
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await generateClients();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
