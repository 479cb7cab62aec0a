import { createHash } from 'node:crypto';
import type { ImageMediaType } from '@orderflow/contracts/http/catalogue';

export type Image = { mediaType: ImageMediaType; bytes: Buffer; sha256: string };

/** What files of each type begin with. */
const signatures: Record<ImageMediaType, (bytes: Buffer) => boolean> = {
  'image/png': (bytes) => bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex')),
  'image/jpeg': (bytes) => bytes.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex')),
  'image/webp': (bytes) =>
    bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
};

/** An image out of the body of a request; undefined when the bytes are not of the type that was said. */
export function toImage(mediaType: ImageMediaType, bytes: Buffer): Image | undefined {
  if (!signatures[mediaType](bytes)) return undefined;
  return { mediaType, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Where the image of a product is; without its hash it may change. */
export const imagePath = (productId: string): string => `/api/products/${productId}/image`;

/** Where this very image is, for as long as it is the product's. */
export const imageUrlOf = (productId: string, { sha256 }: Pick<Image, 'sha256'>): string =>
  `${imagePath(productId)}?v=${sha256}`;
