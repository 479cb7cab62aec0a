/**
 * Turns the first SIGINT, SIGTERM or SIGHUP into a wish to stop, and the death of npm too, which may be killed without
 * passing anything on; `again` is called at a second signal.
 */
export function onStopSignals({ again }: { again: () => void }) {
  const wish = new AbortController();
  const asked = Promise.withResolvers<void>();
  let askedAt = 0;
  const stop = () => {
    askedAt = Date.now();
    wish.abort(new Error('Stopped while starting.'));
    asked.resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!wish.signal.aborted) stop();
      // One Ctrl-C comes twice: from the terminal, and passed on by npm.
      else if (Date.now() - askedAt > 500) again();
    });
  }
  if (process.env.npm_lifecycle_event) {
    const npm = process.ppid;
    setInterval(() => process.ppid !== npm && stop(), 1000).unref();
  }
  return { signal: wish.signal, asked: asked.promise };
}
