import { expect, test } from 'vitest';
import { readValues, valuesTable, withTable } from './values-table.ts';

const yaml = `# Of the file.

# How many,
# at least one.
replicas: 1

image:
  # Of the image.
  tag: ""
  pull: { a: 1 }
# With a comment of its own.
more:
  deep:
    er: x | y
`;

test('values have their path, default and the comment right above them', () => {
  expect(readValues(yaml)).toEqual([
    { path: 'replicas', fallback: '1', comment: 'How many, at least one.' },
    { path: 'image.tag', fallback: '""', comment: 'Of the image.' },
    { path: 'image.pull', fallback: '{ a: 1 }', comment: '' },
    { path: 'more', fallback: '', comment: 'With a comment of its own.' },
    { path: 'more.deep.er', fallback: 'x | y', comment: '' },
  ]);
});

test('a line that is no value is refused by its number', () => {
  expect(() => readValues('a: 1\n- b')).toThrow('Line 2');
});

test('the table replaces what is between its markers, and a bar does not end a cell', () => {
  const text = withTable('a\n<!-- values x -->\nold\n<!-- end -->\nb', 'x', valuesTable('k: a | b'));
  expect(text).toBe(
    'a\n<!-- values x -->\n| value | default | |\n|---|---|---|\n| `k` | `a \\| b` |  |\n<!-- end -->\nb',
  );
  expect(() => withTable('a', 'x', '')).toThrow('<!-- values x -->');
});
