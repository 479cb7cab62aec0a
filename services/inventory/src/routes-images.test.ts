import { createHash } from 'node:crypto';
import { MAX_IMAGE_BYTES } from '@orderflow/contracts/http/catalogue';
import { newId } from '@orderflow/contracts/ids';
import { expect, test } from 'vitest';
import { inventory } from '../test/inventory.ts';
import { aPng, pictures } from '../test/pictures.ts';

const png = aPng();
const jpeg = pictures['image/jpeg'].baseline;
const webp = pictures['image/webp'].lossy;
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** The service with one product, and its image's address. */
async function aProduct() {
  const service = await inventory();
  const id = await service.addProduct(1);
  const url = `/api/products/${id}/image`;
  const put = (bytes: Buffer, mediaType: string) => service.http.put(url).type(mediaType).send(bytes);
  const images = () => service.db.query('SELECT product_id, sha256 FROM product_images');
  return { ...service, id, url, put, images };
}

test.each([
  ['image/png', png],
  ['image/jpeg', jpeg],
  ['image/webp', webp],
])('an image of type %s is shown to everybody as it was sent', async (mediaType, bytes) => {
  const { put, url, anyone } = await aProduct();
  const reply = await put(bytes, mediaType).expect(200);
  expect(reply.body.imageUrl).toBe(`${url}?v=${hashOf(bytes)}`);
  const image = await anyone.get(reply.body.imageUrl).expect(200);
  expect(image.body).toEqual(bytes);
  expect(image.headers).toMatchObject({
    'content-type': mediaType,
    'content-length': String(bytes.length),
    etag: `"${hashOf(bytes)}"`,
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
  });
});

test('a new image is an edit of the product; the same again is none', async () => {
  const { put, id, told, images } = await aProduct();
  expect((await put(png, 'image/png')).body.version).toBe(2);
  expect((await put(png, 'image/png')).body.version).toBe(2);
  expect((await put(jpeg, 'image/jpeg')).body.version).toBe(3);
  expect(await told(id)).toMatchObject([
    { sequence: 1 },
    { sequence: 2, type: 'product.changed', actor: 'system', data: { productId: id, name: 'Mug' } },
    { sequence: 3 },
  ]);
  expect(await images()).toEqual([{ product_id: id, sha256: hashOf(jpeg) }]);
});

test('who has the image is told so without its bytes', async () => {
  const { put, anyone, url } = await aProduct();
  await put(png, 'image/png');
  const etag = `"${hashOf(png)}"`;
  for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const reply = await anyone.get(url).set('if-none-match', known).expect(304);
    expect(reply.headers).toMatchObject({ etag, 'cache-control': 'public, no-cache' });
    expect(reply.text).toBe('');
  }
  await anyone
    .get(url)
    .set('if-none-match', `"${hashOf(jpeg)}"`)
    .expect(200);
});

test('an address with the hash of an older image gives the new one, and is not kept for good', async () => {
  const { put, anyone } = await aProduct();
  const old = (await put(png, 'image/png')).body.imageUrl;
  await put(jpeg, 'image/jpeg');
  const reply = await anyone.get(old).expect(200);
  expect(reply.body).toEqual(jpeg);
  expect(reply.headers['cache-control']).toBe('public, no-cache');
});

test.each([
  ['of a type that is not taken', 'image/svg+xml', Buffer.from('<svg/>')],
  ['that is JSON', 'application/json', Buffer.from('{}')],
  ['that is a PNG and said to be a JPEG', 'image/jpeg', png],
  ['that is a page and said to be a PNG', 'image/png', Buffer.from('<script>alert(1)</script>')],
  ['that is cut off', 'image/webp', webp.subarray(0, -2)],
  ['that is only the head of a PNG', 'image/png', png.subarray(0, 8)],
  ['that is damaged', 'image/png', Buffer.concat([png.subarray(0, 19), Buffer.alloc(1), png.subarray(20)])],
  ['of no pixels', 'image/png', aPng({ width: 0 })],
  ['of too many pixels', 'image/png', aPng({ width: 50_001, height: 1_000 })],
])('a body %s is refused, and nothing is changed', async (_what, mediaType, bytes) => {
  const { put, images, id, told } = await aProduct();
  const reply = await put(bytes, mediaType).expect(415);
  expect(reply.body).toMatchObject({ code: 'unsupported_media_type' });
  expect(await images()).toEqual([]);
  expect(await told(id)).toHaveLength(1);
});

test('an image of 2 MB is taken, and one byte more is too large', async () => {
  const { put, images } = await aProduct();
  const large = aPng({ note: MAX_IMAGE_BYTES - png.length - 12 });
  await put(large, 'image/png').expect(200);
  const reply = await put(Buffer.concat([large, Buffer.alloc(1)]), 'image/png').expect(413);
  expect(reply.body).toMatchObject({ code: 'payload_too_large' });
  expect(await images()).toMatchObject([{ sha256: hashOf(large) }]);
});

test('without a body there is nothing to take', async () => {
  const { http, url } = await aProduct();
  await http.put(url).expect(415);
  await http.put(url).type('image/png').expect(415);
});

test('nobody sends a body for nothing: who may not is told before it is read', async () => {
  const { anyone, url } = await aProduct();
  const tooLarge = Buffer.alloc(MAX_IMAGE_BYTES + 1);
  await anyone.put(url).type('image/png').send(tooLarge).expect(401);
});

test('an image that is deleted is gone, and deleting none changes nothing', async () => {
  const { put, http, anyone, url, id, told, images } = await aProduct();
  const { imageUrl } = (await put(png, 'image/png')).body;
  await http.delete(url).expect(204);
  await http.delete(url).expect(204);
  expect((await http.get(`/api/products/${id}`)).body).toMatchObject({ imageUrl: null, version: 3 });
  expect(await told(id)).toHaveLength(3);
  expect(await images()).toEqual([]);
  await anyone.get(imageUrl).expect(404);
});

test.each([null, 'https://cdn.example/mug.png'])(
  'PATCH with the address %s takes the uploaded image away',
  async (imageUrl) => {
    const { put, http, url, id, images } = await aProduct();
    await put(png, 'image/png');
    const reply = await http.patch(`/api/products/${id}`).send({ imageUrl }).expect(200);
    expect(reply.body).toMatchObject({ imageUrl, version: 3 });
    expect(await images()).toEqual([]);
    await http.delete(url).expect(204);
    expect((await http.get(`/api/products/${id}`)).body).toMatchObject({ imageUrl, version: 3 });
  },
);

test('an edit of something else leaves the image', async () => {
  const { put, http, anyone, id } = await aProduct();
  const { imageUrl } = (await put(png, 'image/png')).body;
  await http.patch(`/api/products/${id}`).send({ name: 'Cup' }).expect(200);
  await anyone.get(imageUrl).expect(200);
});

test('images that come at once leave the address and the bytes of one and the same', async () => {
  const { put, http, id, images, told } = await aProduct();
  const pictures = Array.from({ length: 12 }, (_, i) => Buffer.concat([png, Buffer.from([i])]));
  const removals = [3, 6, 9].map(() => http.delete(`/api/products/${id}/image`));
  await Promise.all([...pictures.map((bytes) => put(bytes, 'image/png')), ...removals]);
  const { body } = await http.get(`/api/products/${id}`).expect(200);
  const stored = (await images()).map(({ sha256 }) => `/api/products/${id}/image?v=${sha256}`);
  expect(stored).toEqual(body.imageUrl ? [body.imageUrl] : []);
  const sequences = (await told(id)).map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.map((_, i) => i + 1));
});

test('the image of a product that is not there is not found', async () => {
  const { http, url } = await aProduct();
  await http.get(url).expect(404);
  for (const id of [newId(), 'not-an-id']) {
    await http.get(`/api/products/${id}/image`).expect(404);
    await http.put(`/api/products/${id}/image`).type('image/png').send(png).expect(404);
    await http.delete(`/api/products/${id}/image`).expect(404);
  }
});
