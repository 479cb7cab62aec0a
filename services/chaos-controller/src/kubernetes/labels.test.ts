import { expect, test } from 'vitest';
import { markOf, marksIn, selects, workloadNames, workloadOf } from './labels.ts';

const labels = { app: 'order', tier: 'back' };

test.each([
  [{}, true],
  [{ matchLabels: { app: 'order' } }, true],
  [{ matchLabels: { app: 'order', tier: 'front' } }, false],
  [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['order', 'payment'] }] }, true],
  [{ matchExpressions: [{ key: 'other', operator: 'In', values: ['order'] }] }, false],
  [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['order'] }] }, false],
  [{ matchExpressions: [{ key: 'other', operator: 'NotIn', values: ['order'] }] }, true],
  [{ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
  [{ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
  [{ matchLabels: { app: 'order' }, matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
])('the selector %j selects: %s', (selector, expected) => expect(selects(selector, labels)).toBe(expected));

test('an operator that is not known is not guessed at', () => {
  expect(() =>
    selects({ matchExpressions: [{ key: 'app', operator: 'Gt', values: ['1'] }] }, labels),
  ).toThrow('Gt');
});

test('targets have the names of the chart', () => {
  expect(workloadOf('of', { kind: 'service', service: 'order' })).toEqual({
    kind: 'Deployment',
    name: 'of-order',
  });
  expect(workloadOf('of', { kind: 'postgres', service: 'order' }).name).toBe('of-order-postgres');
  expect(workloadOf('of', { kind: 'redis' })).toEqual({ kind: 'StatefulSet', name: 'of-redis' });
  expect(workloadNames('of')).toContain('of-order');
  expect(workloadNames('of')).not.toContain('of-2-order');
});

test('marks are told from other annotations', () => {
  expect(marksIn({ [markOf({ id: 'a' })]: 'of-order', 'helm.sh/hook': 'test' })).toEqual([
    { id: 'a', value: 'of-order' },
  ]);
  expect(marksIn()).toEqual([]);
});
