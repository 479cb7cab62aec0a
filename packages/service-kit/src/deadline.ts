/**
 * Does `work` with a signal that aborts after `ms` milliseconds. Nothing is left of it once the work has ended, whereas
 * AbortSignal.timeout makes an error with its stack for every call, also for those that were answered long ago.
 */
export async function withDeadline<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const late = () => deadline.abort(new DOMException(`there was no answer within ${ms} ms`, 'TimeoutError'));
  const timer = setTimeout(late, ms);
  try {
    return await work(deadline.signal);
  } finally {
    clearTimeout(timer);
  }
}
