import { type ImageMediaType, imageMediaType } from '@orderflow/contracts/http/catalogue';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pictures } from '../test/pictures.ts';
import { sizeOf } from './picture.ts';

const all = imageMediaType.options.flatMap((type) =>
  Object.entries(pictures[type]).map(([kind, bytes]) => [type, kind, bytes] as const),
);

test.each(all)(
  'the size of a picture of type %s (%s) is read, also when more follows',
  (type, _kind, bytes) => {
    expect(sizeOf[type](bytes)).toEqual({ width: 3, height: 2 });
    expect(sizeOf[type](Buffer.concat([bytes, Buffer.from('a note of the camera')]))).toEqual({
      width: 3,
      height: 2,
    });
  },
);

test.each(all)(
  'a picture of type %s (%s) that is cut off is none, wherever it is cut',
  (type, _kind, bytes) => {
    for (let length = 0; length < bytes.length - 1; length++) {
      expect(sizeOf[type](bytes.subarray(0, length)), `after ${length} bytes`).toBeUndefined();
    }
  },
);

test('a picture is none of another type', () => {
  for (const [type, , bytes] of all) {
    const others = imageMediaType.options.filter((other) => other !== type);
    expect(others.map((other) => sizeOf[other](bytes))).toEqual([undefined, undefined]);
  }
});

test('whatever the bytes are, reading them ends and does not throw', () => {
  const damaged = fc
    .tuple(fc.constantFrom(...all), fc.nat(), fc.uint8Array({ maxLength: 8 }))
    .map(([[type, , bytes], at, written]): [ImageMediaType, Buffer] => {
      const copy = Buffer.from(bytes);
      copy.set(written.subarray(0, copy.length), at % Math.max(1, copy.length - written.length));
      return [type, copy];
    });
  const random = fc.tuple(fc.constantFrom(...imageMediaType.options), fc.uint8Array().map(Buffer.from));
  fc.assert(
    fc.property(fc.oneof(damaged, random), ([type, bytes]) => {
      const size = sizeOf[type](bytes);
      expect(size === undefined || Number.isInteger(size.width * size.height)).toBe(true);
    }),
  );
});
