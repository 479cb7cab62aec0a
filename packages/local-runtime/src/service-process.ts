import { join } from 'node:path';
import { superviseProcess } from './process.ts';
import type { ServiceSpec } from './services.ts';

/** On Linux a third of the share that others get of a processor that is short. The figures: docs/decisions/0017. */
const BACKGROUND_NICENESS = 5;

/** Starts a service from `services/NAME/src/main.ts` below `root`, and keeps the last lines it wrote. */
export function startService(options: {
  service: ServiceSpec;
  env: Record<string, string>;
  root: string;
  log: (source: string, line: string) => void;
  onProgress: (message: string) => void;
}) {
  const { name, answersBuyers, background } = options.service;
  const lastLines: string[] = [];
  const handle = superviseProcess({
    name,
    command: process.execPath,
    // The others take half of Node's room for new objects, which keeps all of them below 900 MB.
    args: [...(answersBuyers ? [] : ['--max-semi-space-size=8']), join('services', name, 'src', 'main.ts')],
    env: options.env,
    cwd: options.root,
    restart: true,
    niceness: background ? BACKGROUND_NICENESS : 0,
    onLine: (line) => {
      if (lastLines.push(line) > 20) lastLines.shift();
      options.log(name, line);
    },
    onEnd: ({ code, signal }, delay) => {
      if (delay === undefined) return;
      const how = signal ?? `exit code ${code}`;
      options.onProgress(`${name}: ended (${how}), starts again in ${delay / 1000} s`);
    },
  });
  return { handle, lastLines: () => lastLines };
}
