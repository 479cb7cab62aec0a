import { imageMediaType, imageQuery, MAX_IMAGE_BYTES } from '@orderflow/contracts/http/catalogue';
import { actorName } from '@orderflow/service-kit/auth';
import { idParam, queryOf } from '@orderflow/service-kit/http-input';
import { ProblemError } from '@orderflow/service-kit/problem';
import express, { type Express, type Request } from 'express';
import { causeOf, keepersOnly, requireKeeper, requireOwn } from './access.ts';
import type { Deps } from './app.ts';
import { type Image, toImage } from './image.ts';
import { readImage } from './operations/read-image.ts';
import { readProduct } from './operations/read-product.ts';
import { removeImage, setImage } from './operations/set-image.ts';
import { toProductView } from './views.ts';

const mediaTypes = imageMediaType.options;

export function mountImageRoutes(app: Express, { db, prisma }: Deps) {
  const imageBody = express.raw({ type: mediaTypes, limit: MAX_IMAGE_BYTES });

  app.put('/api/products/:id/image', keepersOnly, imageBody, async (req, res) => {
    const { id, cause } = await keptProduct(req);
    const image = imageOf(req);
    await db.transaction((tx) => setImage(tx, id, { image, cause }));
    res.json(toProductView(await readProduct(prisma, id)));
  });

  app.delete('/api/products/:id/image', async (req, res) => {
    const { id, cause } = await keptProduct(req);
    await db.transaction((tx) => removeImage(tx, id, { cause }));
    res.status(204).end();
  });

  app.get('/api/products/:id/image', async (req, res) => {
    const id = idParam(req);
    const { v } = queryOf(imageQuery, req);
    const known = req.get('if-none-match')?.match(/[0-9a-f]{64}/g) ?? [];
    const { sha256, mediaType, bytes } = await readImage(db, id, { known });
    res.set({
      etag: `"${sha256}"`,
      // An address with an older hash gives the image of now, which must not be taken for the other for good.
      'cache-control': v === sha256 ? 'public, max-age=31536000, immutable' : 'public, no-cache',
      'x-content-type-options': 'nosniff',
    });
    if (bytes) res.type(mediaType).send(bytes);
    else res.status(304).end();
  });

  async function keptProduct(req: Request) {
    const actor = requireKeeper(req);
    const { id, sellerId } = await readProduct(prisma, idParam(req));
    requireOwn(actor, sellerId);
    return { id, cause: causeOf(req, actorName(actor)) };
  }
}

function imageOf(req: Request): Image {
  const mediaType = imageMediaType.safeParse(req.is(mediaTypes));
  if (!mediaType.success || !Buffer.isBuffer(req.body)) {
    throw new ProblemError(
      'unsupported_media_type',
      `Send the image as the body, with a Content-Type of ${mediaTypes.join(', ')}.`,
    );
  }
  const image = toImage(mediaType.data, req.body);
  if (typeof image === 'string') throw new ProblemError('unsupported_media_type', image);
  return image;
}
