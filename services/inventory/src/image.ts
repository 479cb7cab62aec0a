import { createHash } from 'node:crypto';
import type { ImageMediaType } from '@orderflow/contracts/http/catalogue';
import { sizeOf } from './picture.ts';

export type Image = { mediaType: ImageMediaType; bytes: Buffer; sha256: string };

/** What a browser unpacks, so that a small file does not fill the memory of everybody who looks at a list. */
const MAX_PIXELS = 50_000_000;

/** An image out of the body of a request, or why the bytes are none. */
export function toImage(mediaType: ImageMediaType, bytes: Buffer): Image | string {
  const size = sizeOf[mediaType](bytes);
  if (!size)
    return `The body is no whole ${mediaType}; send all of the file, with the Content-Type that it has.`;
  const pixels = size.width * size.height;
  if (pixels === 0 || pixels > MAX_PIXELS) {
    return `The image has ${size.width} × ${size.height} pixels; send one of 1 to ${MAX_PIXELS / 1e6} million.`;
  }
  return { mediaType, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Where the image of a product is; without its hash it may change. */
export const imagePath = (productId: string): string => `/api/products/${productId}/image`;

/** Where this very image is, for as long as it is the product's. */
export const imageUrlOf = (productId: string, { sha256 }: Pick<Image, 'sha256'>): string =>
  `${imagePath(productId)}?v=${sha256}`;
