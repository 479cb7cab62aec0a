import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

/** The Node 24 that comes with the dependencies: npm scripts find it before the machine's own. */
export const bundledNode = join(root, 'node_modules/.bin/node');

/** What runs the project's own programs while it is installed: npm scripts' Node where it is there already. */
export const nodeToUse = () => (existsSync(bundledNode) ? bundledNode : process.execPath);

const oldest = { major: 22, minor: 18 };

/** Throws unless what npm scripts will run as `node` can run TypeScript. */
export function checkNode() {
  if (existsSync(bundledNode)) {
    // Without NODE_OPTIONS, which may be those of another release.
    const { status } = spawnSync(bundledNode, ['--version'], { env: {} });
    if (status === 0) return;
    // A binary for another C library (Alpine): better none, so that the machine's own is found.
    rmSync(bundledNode);
  }
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return;
  throw new Error(
    `OrderFlow needs Node ${oldest.major}.${oldest.minor} or newer; this is ${process.version}, and the Node that comes with ` +
      `the project does not exist for ${process.platform} ${process.arch}. Install Node 24 and start again.`,
  );
}
