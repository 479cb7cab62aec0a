import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import type { Commands } from './commands.ts';

/** Of the pods that stand in for services in these tests. */
const IMAGE = 'node:24-trixie-slim';

type Parts = { commands: Commands; cluster: Cluster; root: string; say: (text: string) => void };

/** What the chaos controller does to a cluster, and what the cluster refuses it, in namespaces `drills-lab-*` of their own. */
export async function testDriver({ commands, cluster, root, say }: Parts): Promise<void> {
  const [program, ...args] = cluster.load;
  // A node that can pull it needs no help.
  await commands.run(program!, [...args, IMAGE]).catch(() => {});
  const config = [
    '--root',
    root,
    '--config',
    join(root, 'services/chaos-controller/vitest.cluster.config.ts'),
  ];
  const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...config];
  await commands.run(process.execPath, vitest, {
    onLine: (line) => {
      if (/Tests|FAIL/.test(line)) say(line.trim());
    },
  });
}
