// Makes a checkout ready to run: the locked dependencies, the database clients made from the Prisma schemas, and the
// services compiled once.
// Runs before every start and test on whatever Node the machine has (18 or newer), and does nothing when all is there.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { generateClients, missingClients } from './generate.mjs';
import { compileServices } from './install/compile.mjs';
import { withInstallLock } from './install/lock.mjs';
import { checkNode } from './install/node.mjs';
import { installDependencies } from './install/npm.mjs';
import { root } from './install/root.mjs';
import { fingerprints, readStamp, writeStamp } from './install/stamp.mjs';

// npm itself calls it with this flag after it installed dependencies.
const justInstalled = process.argv.includes('--after-npm');

async function install() {
  const wanted = fingerprints();
  const have = readStamp();
  if (!justInstalled && have.dependencies !== wanted.dependencies) await installDependencies();
  checkNode();
  if (!existsSync(join(root, 'node_modules/prisma'))) {
    console.log('Without development dependencies no database clients are made here.');
    return;
  }
  const changed = justInstalled || readStamp().clients !== wanted.clients;
  await generateClients({ only: changed ? undefined : missingClients() });
  await compileServices();
  writeStamp(wanted);
}

function isComplete() {
  const wanted = fingerprints();
  const have = readStamp();
  return (
    have.dependencies === wanted.dependencies &&
    have.clients === wanted.clients &&
    missingClients().length === 0
  );
}

try {
  // Inside npm's own run the lock is held by whoever started npm, or nobody waits for it.
  if (justInstalled) await install();
  else if (isComplete()) checkNode();
  else await withInstallLock(async () => (isComplete() ? checkNode() : install()));
} catch (error) {
  console.error(`\n${error.message}\n`);
  process.exitCode = 1;
}
