import { afterAll, afterEach } from 'vitest';

/**
 * A setup file of Vitest: a test fails when Node warns during it, as of a negative time-out, a leak of listeners or a
 * deprecated call. There are no exceptions.
 */
const warnings: Error[] = [];
const note = (warning: Error) => void warnings.push(warning);
process.on('warning', note);

// A test may put a clock of its own in place of Node's.
const { setImmediate } = globalThis;

/** Node emits a warning in the tick after its cause. */
const nextTick = () => new Promise<void>((resolve) => setImmediate(resolve));

async function failOnWarnings(): Promise<void> {
  await nextTick();
  const [first, ...others] = warnings.splice(0);
  if (first) throw new AggregateError([first, ...others], `Node warned: ${first.name}: ${first.message}`);
}

afterEach(failOnWarnings);
afterAll(async () => {
  process.off('warning', note);
  await failOnWarnings();
});
