import type { ImageMediaType } from '@orderflow/contracts/http/catalogue';
import type { Database } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';

// One statement, so that the hash is that of the bytes, and none are read for somebody who has them.
const READ = `
  SELECT sha256, media_type AS "mediaType", CASE WHEN sha256 <> ALL($2::text[]) THEN bytes END AS bytes
  FROM product_images WHERE product_id = $1`;

type StoredImage = { sha256: string; mediaType: ImageMediaType; bytes: Buffer | null };

/** The uploaded image of a product, without its bytes when its hash is among the `known`. Throws `not_found`. */
export async function readImage(
  db: Database,
  productId: string,
  { known }: { known: string[] },
): Promise<StoredImage> {
  const [image] = await db.query<StoredImage>(READ, [productId, known]);
  if (!image) throw new ProblemError('not_found', `No image was uploaded for product ${productId}.`);
  return image;
}
