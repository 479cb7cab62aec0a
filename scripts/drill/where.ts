import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { newTemporaryFolder } from '@orderflow/local-runtime/folders';
import { runningCopy } from '@orderflow/local-runtime/lock';
import { freePorts } from '@orderflow/local-runtime/ports';
import { listeners } from '@orderflow/local-runtime/services';
import { startSystem } from '@orderflow/local-runtime/system';
import { openLogFile } from '../start/log-file.ts';
import type { Where } from './controller.ts';

/** The log of a system of one's own takes this much twice. */
const LOG_BYTES = 50_000_000;

/** The system that `npm start` runs from this checkout. Throws when there is none. */
export function runningSystem(dataDir: string): Where {
  if (!runningCopy(dataDir, 'scripts/start.ts')) {
    throw new Error(
      'OrderFlow does not run from this folder. Start it in another terminal with "npm start", let the drill start one\n' +
        'of its own with --start, or name another with --url and --token.',
    );
  }
  const read = (file: string) => readFileSync(join(dataDir, file), 'utf8').trim();
  return { url: read('gateway-url'), token: read('internal-token') };
}

/** A system for this run only, on free ports and in a temporary folder; `logFile` gets what its processes write. */
export async function ownSystem(options: {
  root: string;
  logFile: string;
  signal: AbortSignal;
  say: (line: string) => void;
}): Promise<Where & { stop: () => Promise<void> }> {
  const folder = newTemporaryFolder('orderflow-drill-');
  const log = openLogFile({ path: options.logFile, maxBytes: LOG_BYTES });
  const remove = async () => {
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const system = await startSystem({
      root: options.root,
      dataDir: folder,
      ports: await freePorts(Object.keys(listeners)),
      env: { DEMO: 'true' },
      signal: options.signal,
      log: (source, line) => log.write(`${source} ${line}`),
      onProgress: options.say,
    });
    const stop = () => system.stop().finally(remove);
    return { url: system.urls.gateway!, token: system.internalToken, stop };
  } catch (error) {
    await remove();
    throw error;
  }
}
