import { services } from '@orderflow/local-runtime/services';
import type { Cluster } from './cluster.ts';
import type { Commands } from './commands.ts';

/** Of the images of a run, so that it never takes the place of what somebody uses. */
export const TAG = 'cluster-test';

type Images = { commands: Commands; cluster: Cluster; root: string; say: (text: string) => void };

/** Builds the image of every service from the sources as they are, and brings them to the node. */
export async function provideImages({ commands, cluster, root, say }: Images): Promise<void> {
  const images: string[] = [];
  for (const { name } of services) {
    const image = `orderflow/${name}:${TAG}`;
    say(`building ${image}`);
    const what = ['--build-arg', `SERVICE=${name}`, '-f', `${root}/services/Dockerfile`, '-t', image];
    await commands.run('docker', ['build', '-q', ...cluster.buildArgs, ...what, root]);
    images.push(image);
  }
  const [program, ...args] = cluster.load;
  say(`loading ${images.length} images: ${cluster.load.slice(0, 3).join(' ')}`);
  await commands.run(program!, [...args, ...images]);
}
