import { chmod, type FileHandle, open, rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Lines that wait for a disk that is slow; more are counted as lost. */
const MOST_WAITING = 1_000_000;

/** The name that a log file has once it is full: `order.log` becomes `order.1.log` and replaces the one before. */
export const olderName = (path: string): string => path.replace(/(\.[^./]+)?$/, '.1$1');

/**
 * A log file that lines are appended to, which only its owner can read. It takes `maxBytes` at most, and as much again under `olderName`. A line that
 * cannot be written, as on a full disk, is counted and never an error: every `retryMs` it is tried again, and the file
 * then says how many lines are missing.
 */
export function openLogFile(options: {
  path: string;
  maxBytes: number;
  retryMs?: number;
  /** Called when a write fails after one that did not. */
  onFailure?: (error: Error) => void;
  /** Called when a write succeeds after one that failed. */
  onRecovery?: () => void;
}) {
  const { path, maxBytes, retryMs = 5_000, onFailure, onRecovery } = options;
  const closing = new AbortController();
  let file: FileHandle | undefined;
  let size = 0;
  let waiting: string[] = [];
  let waitingLength = 0;
  let lost = 0;
  let failing = false;
  let writing: Promise<void> | undefined;

  async function openFile(): Promise<FileHandle> {
    const opened = await open(path, 'a', 0o600);
    const stat = await opened.stat();
    size = stat.size;
    // Made by a version that let others read it. The file is no less a log where it is not ours to close.
    if (stat.isFile() && stat.mode & 0o077) {
      await Promise.allSettled([opened.chmod(0o600), chmod(olderName(path), 0o600)]);
    }
    return opened;
  }

  async function closeFile(): Promise<void> {
    const open = file;
    file = undefined;
    await open?.close();
  }

  async function append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    file ??= await openFile();
    if (size > 0 && size + bytes.length > maxBytes) {
      await closeFile();
      await rename(path, olderName(path));
      file = await openFile();
    }
    await file.appendFile(bytes);
    size += bytes.length;
  }

  async function writeWaiting(): Promise<void> {
    const lines = waiting;
    waiting = [];
    waitingLength = 0;
    // The line before may be cut where the disk was full.
    const missing = lost > 0 ? [`\n${lost} lines are missing here: they could not be written.`] : [];
    const lostBefore = lost;
    try {
      await append([...missing, ...lines, ''].join('\n'));
      lost -= lostBefore;
      if (failing) onRecovery?.();
      failing = false;
    } catch (error) {
      lost += lines.length;
      if (!failing) onFailure?.(error as Error);
      failing = true;
      // It may have been opened on something that is gone.
      await closeFile().catch(() => {});
      await sleep(retryMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
    }
  }

  const isDone = () => (failing ? closing.signal.aborted : waiting.length === 0 && lost === 0);

  async function drain(): Promise<void> {
    while (!isDone()) await writeWaiting();
    writing = undefined;
  }

  return {
    write(line: string): void {
      if (failing || waitingLength > MOST_WAITING) {
        lost += 1;
        return;
      }
      waiting.push(line);
      waitingLength += line.length;
      writing ??= drain();
    },
    /** Resolves when everything is written, or cannot be at this moment. */
    async close(): Promise<void> {
      closing.abort();
      await writing;
      await closeFile();
    },
  };
}
