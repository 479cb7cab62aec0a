import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nodeToUse } from './node.mjs';
import { root } from './root.mjs';
import { runQuietly } from './run.mjs';

/** Where `npm start` keeps compiled code (packages/local-runtime/src/system.ts). */
const compileCache = join(root, 'node_modules/.cache/compile');

const patienceMs = 30_000;

/**
 * Has Node compile every service once, unless something is kept compiled already. All services at once would each
 * compile what they share by themselves, at the first start, and keep a quarter more memory until the next.
 */
export async function compileServices() {
  if (existsSync(compileCache)) return;
  console.log('Compiling the services …');
  // Without its configuration a service ends by itself, after everything is loaded.
  const env = { PATH: process.env.PATH, NODE_COMPILE_CACHE: compileCache };
  for (const main of mains()) {
    // A service that does not load will say so itself when it is started.
    await runQuietly(nodeToUse(), [main], { cwd: root, env, timeout: patienceMs });
  }
}

function mains() {
  return readdirSync(join(root, 'services'))
    .map((service) => join('services', service, 'src/main.ts'))
    .filter((main) => existsSync(join(root, main)));
}
