import { expect, test } from 'vitest';
import { socketPath } from './unix-socket.ts';

/** A folder in which `/name` makes a path of so many bytes. */
const folderFor = (bytes: number) => `/${'d'.repeat(bytes - '//name'.length)}`;

test.each([
  ['linux', 107],
  ['darwin', 103],
] as const)('on %s a socket may have a path of %i bytes and no more', (platform, longest) => {
  const folder = folderFor(longest);
  expect(socketPath(folder, 'name', platform)).toBe(`${folder}/name`);
  expect(socketPath(`${folder}d`, 'name', platform)).toBeUndefined();
});

test('bytes count, not characters', () => {
  expect(socketPath(folderFor(107).replace('d', 'é'), 'name', 'linux')).toBeUndefined();
});
