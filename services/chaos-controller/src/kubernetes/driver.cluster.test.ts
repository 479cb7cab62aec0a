import { eventually } from '@orderflow/testing/eventually';
import { afterAll, beforeAll, expect } from 'vitest';
import { testDriver } from '../../test/driver-contract.ts';
import { type Lab, openLab } from '../../test/lab.ts';
import type { Instance } from '../driver.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab('contract', 'global.drills.allowed=true');
  await lab.ready({ kind: 'postgres', service: 'order' });
  await lab.ready({ kind: 'service', service: 'order' });
});
afterAll(() => lab?.close());

// A StatefulSet, whose pods come back under the same name.
testDriver(
  'Kubernetes',
  () => ({
    driver: lab.open().driver,
    successor: lab.open().driver,
    target: { kind: 'postgres', service: 'order' },
    async replace({ name, uid }: Instance) {
      await lab.kubectl('delete', 'pod', name, '--grace-period=1');
      await eventually(
        async () => {
          const { metadata, status } = await lab.json('get', 'pod', name);
          expect(metadata.uid).not.toBe(uid);
          expect(status.phase).toBe('Running');
        },
        { timeoutMs: 60_000, everyMs: 200 },
      );
    },
    isCut: async () => !(await lab.reaches('order', 'of-order-postgres:5432')),
    turnMs: 4_000,
    patienceMs: 60_000,
  }),
  120_000,
);
