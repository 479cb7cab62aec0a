import { crc32 } from 'node:zlib';
import type { ImageMediaType } from '@orderflow/contracts/http/catalogue';

/** Pixels. */
export type Size = { width: number; height: number };

/**
 * Reads the size of a picture, `undefined` when the bytes are no whole picture of that type. The parts are walked and none
 * is decoded, as nothing here needs pixels: `image-size` reads only the head, and `sharp` brings a native decoder for what
 * strangers send. What follows the end of a picture is left alone, as cameras write there.
 */
export const sizeOf: Record<ImageMediaType, (bytes: Buffer) => Size | undefined> = {
  'image/png': sizeOfPng,
  'image/jpeg': sizeOfJpeg,
  'image/webp': sizeOfWebp,
};

type Chunk = { type: string; data: Buffer };

/** https://www.w3.org/TR/png-3/#5DataRep */
function sizeOfPng(bytes: Buffer): Size | undefined {
  const chunks = [...pngChunks(bytes)];
  const [head] = chunks;
  const whole = chunks.some(({ type }) => type === 'IDAT') && chunks.at(-1)?.type === 'IEND';
  if (!whole || head?.type !== 'IHDR' || head.data.length !== 13) return undefined;
  return { width: head.data.readUInt32BE(0), height: head.data.readUInt32BE(4) };
}

/** Chunks up to the end, or to the first that is cut off or damaged. */
function* pngChunks(bytes: Buffer): Generator<Chunk> {
  if (bytes.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') return;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at);
    if (end > bytes.length || crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) return;
    const type = bytes.toString('latin1', at + 4, at + 8);
    yield { type, data: bytes.subarray(at + 8, end - 4) };
    if (type === 'IEND') return;
    at = end;
  }
}

const FRAMES = [0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = Buffer.from('ffd9', 'hex');

/** https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B */
function sizeOfJpeg(bytes: Buffer): Size | undefined {
  if (bytes.toString('hex', 0, 2) !== 'ffd8') return undefined;
  let size: Size | undefined;
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (end < at + 4 || end > bytes.length) return undefined;
    if (FRAMES.includes(marker) && end >= at + 10)
      size = { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    // In the data of a scan 0xff is followed by 0 or the number of a restart: this can only be the end.
    if (marker === START_OF_SCAN) return bytes.includes(END_OF_IMAGE, end) ? size : undefined;
    at = end;
  }
  return undefined;
}

/** https://developers.google.com/speed/webp/docs/riff_container */
function sizeOfWebp(bytes: Buffer): Size | undefined {
  const chunks = [...webpChunks(bytes)];
  const [head] = chunks;
  if (!head) return undefined;
  const { type, data } = head;
  if (type === 'VP8 ' && data.length >= 10 && data.toString('hex', 3, 6) === '9d012a') {
    return { width: data.readUInt16LE(6) & 0x3fff, height: data.readUInt16LE(8) & 0x3fff };
  }
  if (type === 'VP8L' && data.length >= 5 && data[0] === 0x2f) {
    const bits = data.readUInt32LE(1);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  const hasPicture = chunks.some(({ type }) => ['VP8 ', 'VP8L', 'ANMF'].includes(type));
  if (type !== 'VP8X' || data.length < 10 || !hasPicture) return undefined;
  return { width: data.readUIntLE(4, 3) + 1, height: data.readUIntLE(7, 3) + 1 };
}

/** All chunks, or none when the file is cut off. */
function* webpChunks(bytes: Buffer): Generator<Chunk> {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WEBP') return;
  const fileEnd = 8 + bytes.readUInt32LE(4);
  if (fileEnd > bytes.length) return;
  for (let at = 12; at + 8 <= fileEnd; ) {
    const end = at + 8 + bytes.readUInt32LE(at + 4);
    if (end > fileEnd) return;
    yield { type: bytes.toString('latin1', at, at + 4), data: bytes.subarray(at + 8, end) };
    at = end + (end % 2); // padded to an even number of bytes
  }
}
