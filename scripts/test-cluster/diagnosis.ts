import type { Kube } from './kube.ts';

const last = (text: string, lines: number) => text.trimEnd().split('\n').slice(-lines).join('\n');

/** What helps to find out why something failed: pods, events, and the last words of those that are not well. */
export async function diagnose({ kubectl, pods }: Kube): Promise<string> {
  const tell = async (title: string, words: Promise<string>, lines: number) =>
    `── ${title}\n${last(await words.catch((error: Error) => error.message), lines)}`;
  const parts = [
    await tell('pods', kubectl('get', 'pods', '-o', 'wide'), 60),
    await tell('events', kubectl('get', 'events', '--sort-by=.lastTimestamp'), 25),
  ];
  const unwell = (await pods().catch(() => [])).filter(
    ({ ready, phase, restarts }) => (!ready && phase !== 'Succeeded') || restarts > 0,
  );
  for (const { name, restarts } of unwell.slice(0, 5)) {
    parts.push(await tell(`log of ${name}`, kubectl('logs', name, '--all-containers', '--tail=20'), 40));
    if (restarts > 0)
      parts.push(
        await tell(`${name} before its restart`, kubectl('logs', name, '--previous', '--tail=20'), 20),
      );
  }
  return parts.join('\n');
}
