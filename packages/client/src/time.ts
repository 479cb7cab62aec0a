/** Waits so long. Rejects with the signal's reason as soon as that fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    }, ms);
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}

/** A signal that fires with another one, when it is told to, or when it was not renewed for so long. */
export function patience(ms: number, signal?: AbortSignal) {
  const own = new AbortController();
  const expire = () => own.abort(new DOMException(`nothing came within ${ms} ms`, 'TimeoutError'));
  let timer = setTimeout(expire, ms);
  return {
    signal: signal ? AbortSignal.any([signal, own.signal]) : own.signal,
    renew(): void {
      clearTimeout(timer);
      timer = setTimeout(expire, ms);
    },
    /** There is nothing to wait for any more. */
    over: (): void => clearTimeout(timer),
    /** Gives up at once. */
    abort: (): void => {
      clearTimeout(timer);
      own.abort();
    },
  };
}
