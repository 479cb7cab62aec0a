import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { formatLogLine } from './log-line.ts';

/**
 * One merged, readable log on the terminal, and the lines as they came in `folder/SOURCE.log`, begun anew at each start.
 * Of Postgres and Redis the terminal shows only what ends them.
 */
export function openLog(folder: string, output: NodeJS.WriteStream) {
  mkdirSync(folder, { recursive: true });
  const files = new Map<string, WriteStream>();
  const startedAt = Date.now();
  const colour = output.isTTY && !process.env.NO_COLOR;

  // A terminal that was closed is no reason to end without stopping the rest.
  output.on('error', () => {});

  const fileOf = (source: string) => {
    const open = files.get(source) ?? createWriteStream(join(folder, `${source}.log`));
    files.set(source, open);
    return open;
  };

  return {
    /** A line a process wrote. */
    line(source: string, line: string) {
      fileOf(source).write(`${line}\n`);
      const isServer = source === 'postgres' || source === 'redis';
      if (!isServer || /\b(FATAL|PANIC)\b/.test(line))
        output.write(`${formatLogLine(source, line, colour)}\n`);
    },
    /** A step of coming up or going down, with the seconds since the start. */
    progress(message: string) {
      output.write(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${message}\n`);
    },
  };
}
