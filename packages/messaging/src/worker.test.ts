import { createHealth } from '@orderflow/service-kit/health';
import { testDatabase } from '@orderflow/testing/database';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { messagingMigrations } from './migrations.ts';
import { startWorker } from './worker.ts';

type Job = { id: string };

const CLAIM = `
  UPDATE jobs SET attempts = attempts + 1, due = now() + $2 * interval '1 millisecond'
  WHERE id = ANY(ARRAY(SELECT id FROM jobs WHERE due <= now() ORDER BY due LIMIT $1 FOR UPDATE SKIP LOCKED))
  RETURNING id`;

/** A table of jobs, and workers whose calls to the outside are noted. */
async function jobsWithWorkers() {
  const db = await testDatabase([messagingMigrations]);
  await db.query(
    'CREATE TABLE jobs (id text PRIMARY KEY, due timestamptz, attempts int NOT NULL DEFAULT 0, outcome text)',
  );
  const scope = testScope();
  const calls: string[] = [];
  const claims: number[] = [];

  const add = (ids: string[]) =>
    db.transaction(async (tx) => {
      await tx.query('INSERT INTO jobs (id, due) SELECT id, now() FROM unnest($1::text[]) AS id', [ids]);
      tx.wakeAfterCommit('jobs');
    });
  const jobs = () =>
    db.query<{ id: string; attempts: number; outcome: string | null }>(
      'SELECT id, attempts, outcome FROM jobs ORDER BY id',
    );
  const allDone = () =>
    eventually(async () => expect((await jobs()).every(({ outcome }) => outcome)).toBe(true));

  function start(
    options: Partial<Parameters<typeof startWorker<Job, string>>[0]> & { leaseMs?: number } = {},
  ) {
    const { leaseMs = 30_000, perform = async () => 'done', ...others } = options;
    const worker = startWorker<Job, string>({
      name: 'test worker',
      db,
      scope,
      signal: 'jobs',
      concurrency: 4,
      pollMs: 50,
      claim: (limit) => {
        claims.push(limit);
        return db.query<Job>(CLAIM, [limit, leaseMs]);
      },
      perform: (job) => {
        calls.push(job.id);
        return perform(job);
      },
      record: async (job, outcome) => {
        await db.query('UPDATE jobs SET outcome = $2, due = NULL WHERE id = $1', [job.id, outcome]);
      },
      postpone: async (job) => {
        await db.query('UPDATE jobs SET due = now() WHERE id = $1', [job.id]);
      },
      ...others,
    });
    onTestFinished(() => worker.stop());
    return worker;
  }
  return { db, scope, calls, claims, add, jobs, allDone, start };
}

const ids = (n: number) => Array.from({ length: n }, (_, i) => `job-${String(i).padStart(3, '0')}`);

/** Something the outside does only when it is told to. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test('every job is performed once and its outcome written down', async () => {
  const { add, start, allDone, calls, jobs } = await jobsWithWorkers();
  await add(ids(20));
  start();
  await allDone();
  expect(calls.toSorted()).toEqual(ids(20));
  expect(await jobs()).toEqual(ids(20).map((id) => ({ id, attempts: 1, outcome: 'done' })));
});

test('two workers share the jobs and perform none twice', async () => {
  const { add, start, allDone, calls } = await jobsWithWorkers();
  start();
  start();
  await add(ids(100));
  await allDone();
  expect(calls.toSorted()).toEqual(ids(100));
});

test('never more calls are under way than its concurrency', async () => {
  const { add, start, allDone, calls } = await jobsWithWorkers();
  const { open, opened } = gate();
  start({ perform: () => opened.then(() => 'done') });
  await add(ids(10));
  await eventually(() => expect(calls).toHaveLength(4));
  open();
  await allDone();
  expect(calls).toHaveLength(10);
});

test('the next call does not wait until the outcome of the last is written down', async () => {
  const { db, add, start, allDone, calls } = await jobsWithWorkers();
  const { open, opened } = gate();
  await add(ids(4));
  start({
    concurrency: 1,
    record: async (job, outcome) => {
      await opened;
      await db.query('UPDATE jobs SET outcome = $2, due = NULL WHERE id = $1', [job.id, outcome]);
    },
  });
  await eventually(() => expect(calls).toHaveLength(2));
  open();
  await allDone();
  expect(calls).toHaveLength(4);
});

test('outcomes that cannot be written down yet hold further calls up', async () => {
  const { add, start, calls, jobs } = await jobsWithWorkers();
  const { open, opened } = gate();
  const claimed = async () => (await jobs()).filter(({ attempts }) => attempts > 0);
  await add(ids(20));
  start({ pollMs: 10, record: () => opened });
  // Four wait for a place; when this answer is here, theirs has been here too.
  await eventually(async () => expect(await claimed()).toHaveLength(12));
  expect(await claimed()).toHaveLength(12);
  expect(calls).toHaveLength(8);
  open();
});

test('a commit wakes it, without waiting for the next look', async () => {
  const { add, start, allDone, claims } = await jobsWithWorkers();
  start({ pollMs: 60_000 });
  await eventually(() => expect(claims).toHaveLength(1));
  await add(ids(1));
  await allDone();
});

test('jobs that had to wait for a free place are taken as soon as there is one', async () => {
  const { add, start, allDone } = await jobsWithWorkers();
  await add(ids(50));
  start({ pollMs: 60_000 });
  await allDone();
});

test('the end of a job is no reason to look for more when the last look found few', async () => {
  const { add, start, allDone, claims, calls } = await jobsWithWorkers();
  await add(ids(2));
  const worker = start({ pollMs: 60_000 });
  await allDone();
  await worker.stop();
  expect(calls).toHaveLength(2);
  expect(claims).toEqual([4]);
});

test('a job whose outcome is unknown is asked again until it is known', async () => {
  const { add, start, allDone, jobs, scope } = await jobsWithWorkers();
  await add(ids(1));
  let failures = 0;
  start({
    perform: async () => {
      failures += 1;
      if (failures <= 3) throw new Error('no answer');
      return 'done';
    },
  });
  await allDone();
  expect(await jobs()).toEqual([{ id: 'job-000', attempts: 4, outcome: 'done' }]);
  expect(scope.lines).toContainEqual(expect.objectContaining({ job: 'job-000', error: 'no answer' }));
});

test('an outcome that cannot be written down is asked for again', async () => {
  const { db, add, start, allDone, calls } = await jobsWithWorkers();
  await add(ids(1));
  let failed = false;
  start({
    record: async (job, outcome) => {
      if (!failed) {
        failed = true;
        throw new Error('deadlock detected');
      }
      await db.query('UPDATE jobs SET outcome = $2, due = NULL WHERE id = $1', [job.id, outcome]);
    },
  });
  await allDone();
  expect(calls).toEqual(['job-000', 'job-000']);
});

test('an outside that answers to nothing is asked by one job at a time, until it answers again', async () => {
  const { add, start, allDone, calls } = await jobsWithWorkers();
  let down = true;
  let underWay = 0;
  const together: number[] = [];
  await add(ids(40));
  start({
    perform: async () => {
      underWay += 1;
      together.push(underWay);
      await Promise.resolve();
      underWay -= 1;
      if (down) throw new Error('down');
      return 'done';
    },
  });
  await eventually(() => expect(calls.length).toBeGreaterThan(10));
  expect(Math.max(...together.slice(0, 4))).toBe(4);
  expect(Math.max(...together.slice(8))).toBe(1);
  down = false;
  await allDone();
});

test('a job whose worker fell silent goes to another when its lease runs out', async () => {
  const { db, add, start, allDone, calls, jobs } = await jobsWithWorkers();
  const { open, opened } = gate();
  await add(ids(1));
  let claimed = false;
  start({
    claim: async () => {
      if (claimed) return [];
      claimed = true;
      return db.query<Job>(CLAIM, [1, 200]);
    },
    perform: () => opened.then(() => 'late'),
    record: async () => {},
  });
  await eventually(() => expect(calls).toHaveLength(1));
  start();
  await allDone();
  open();
  expect(await jobs()).toEqual([{ id: 'job-000', attempts: 2, outcome: 'done' }]);
});

test('it goes on after a claim that failed', async () => {
  const { db, add, start, allDone, scope } = await jobsWithWorkers();
  let claimed = 0;
  start({
    claim: async (limit) => {
      claimed += 1;
      if (claimed === 1) throw new Error('claiming is broken');
      return db.query<Job>(CLAIM, [limit, 30_000]);
    },
  });
  await add(ids(3));
  await allDone();
  expect(scope.lines).toContainEqual(expect.objectContaining({ msg: 'claiming jobs failed' }));
});

test('stopping finishes the jobs it has and takes no more', async () => {
  const { add, start, calls, jobs } = await jobsWithWorkers();
  const { open, opened } = gate();
  await add(ids(10));
  const worker = start({ perform: () => opened.then(() => 'done') });
  await eventually(() => expect(calls).toHaveLength(4));
  const stopped = worker.stop();
  open();
  await stopped;
  expect((await jobs()).filter(({ outcome }) => outcome)).toHaveLength(4);
  expect(calls).toHaveLength(4);
});

test('a worker that waits for the outside is alive, and one that was stopped is not missed', async () => {
  const { add, scope, start, calls } = await jobsWithWorkers();
  let now = 0;
  const health = createHealth(() => now);
  const { open, opened } = gate();
  await add(ids(4));
  const worker = start({ scope: { ...scope, health }, perform: () => opened.then(() => 'done') });
  await eventually(() => expect(calls).toHaveLength(4));
  now = 120_000;
  expect(health.stuckLoops()).toEqual(['test worker']);
  await eventually(() => expect(health.stuckLoops()).toEqual([]));
  open();
  await worker.stop();
  now = 240_000;
  expect(health.stuckLoops()).toEqual([]);
});
