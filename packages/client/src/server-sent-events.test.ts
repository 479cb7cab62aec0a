import { expect, test } from 'vitest';
import { type Block, readServerSentEvents, textOf } from './server-sent-events.ts';

async function collect(given: AsyncIterable<Block>): Promise<Block[]> {
  const blocks: Block[] = [];
  for await (const block of given) blocks.push(block);
  return blocks;
}

async function blocksOf(...pieces: string[]): Promise<Block[]> {
  async function* all() {
    yield* pieces;
  }
  return collect(readServerSentEvents(all()));
}

test('the fields of a block are read, and several data lines are one text', async () => {
  expect(
    await blocksOf('id: 7\nevent: order.placed\ndata: {\ndata:  "a": 1\ndata:}\nretry: 1000\n\n'),
  ).toEqual([{ id: '7', event: 'order.placed', data: '{\n "a": 1\n}', retry: 1000 }]);
});

test('comments, unknown fields, ids with U+0000 and waits that are no number are skipped', async () => {
  expect(await blocksOf(': alive\n\n', 'id: a\0b\nretry: 1s\nwhat: ever\ndata\n\n')).toEqual([
    {},
    { data: '' },
  ]);
});

test('a block that was not ended is not given', async () => {
  expect(await blocksOf('data: 1\n\ndata: 2\n')).toEqual([{ data: '1' }]);
  expect(await blocksOf('data: 1\n\ndata: 2')).toEqual([{ data: '1' }]);
});

test.each(['\n', '\r', '\r\n'])('lines end with %j, wherever a piece is cut', async (end) => {
  const stream = ['id: 1', 'data: a', '', 'data: b:c', 'data:', '', ''].join(end);
  const expected = [{ id: '1', data: 'a' }, { data: 'b:c\n' }];
  expect(await blocksOf(stream)).toEqual(expected);
  expect(await blocksOf(...stream)).toEqual(expected);
  for (let i = 1; i < stream.length; i++) {
    expect(await blocksOf(stream.slice(0, i), stream.slice(i))).toEqual(expected);
  }
});

test('characters that are cut in two are whole again, and a byte order mark is not text', async () => {
  const bytes = new TextEncoder().encode('\uFEFFdata: Zürich 😀\n\n');
  const body = ReadableStream.from(Array.from(bytes, (byte) => Uint8Array.of(byte)));
  expect(await collect(readServerSentEvents(textOf(body)))).toEqual([{ data: 'Zürich 😀' }]);
});
