import { join } from 'node:path';
import { privateFolder } from '@orderflow/local-runtime/folders';
import { openLogFile } from './log-file.ts';
import { formatLogLine } from './log-line.ts';

/** One log file. Twelve processes have two each, so that all of them take 60 MB at most. */
export const FILE_BYTES = 2_500_000;

/** Not the refusals that every client gets while Postgres starts or ends: `the database system is starting up`. */
const endsServer = /\b(FATAL|PANIC)\b(?!: +the database system is )/;

/**
 * One merged, readable log on the terminal, and the lines as they came in `folder/SOURCE.log`, which goes on where the
 * last start left it. Of Postgres and Redis the terminal shows only what ends them. Files that cannot be written cost
 * lines and nothing else; the terminal says so once, and once more when they can be written again.
 */
export function openLog(folder: string, output: NodeJS.WriteStream) {
  privateFolder(folder);
  const files = new Map<string, ReturnType<typeof openLogFile>>();
  const failing = new Set<string>();
  const startedAt = Date.now();
  const colour = output.isTTY && !process.env.NO_COLOR;

  // A terminal that was closed is no reason to end without stopping the rest.
  output.on('error', () => {});

  /** A step of coming up or going down, with the seconds since the start. */
  function progress(message: string): void {
    output.write(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${message}\n`);
  }

  const fileOf = (source: string) => {
    const open =
      files.get(source) ??
      openLogFile({
        path: join(folder, `${source}.log`),
        maxBytes: FILE_BYTES,
        onFailure({ message }) {
          if (failing.size === 0)
            progress(`Logs: cannot be written (${message}); the system goes on without them`);
          failing.add(source);
        },
        onRecovery() {
          failing.delete(source);
          if (failing.size === 0) progress('Logs: are written again');
        },
      });
    files.set(source, open);
    return open;
  };

  return {
    /** A line a process wrote. */
    line(source: string, line: string) {
      fileOf(source).write(line);
      const isServer = source === 'postgres' || source === 'redis';
      if (!isServer || endsServer.test(line)) output.write(`${formatLogLine(source, line, colour)}\n`);
    },
    progress,
  };
}
