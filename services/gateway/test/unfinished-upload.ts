import { connect } from 'node:net';
import { onTestFinished } from 'vitest';

type Upload = {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  /** Sent of the body, which is announced as a byte longer. */
  bytes: number;
  /** As many parts of the same size; without them the length is announced. */
  chunks?: number;
};

/** Begins an upload and never ends it. Returns the status of the answer so far. */
export function beginUpload(
  port: number,
  { method = 'POST', path, headers = {}, bytes, chunks }: Upload,
): { status: () => number | undefined; closed: () => boolean; leave: () => void } {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let text = '';
  let closed = false;
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  socket.on('data', (part) => {
    text += part;
  });
  const length = chunks ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(bytes + 1) };
  const lines = Object.entries({ host: 'x', ...length, ...headers }).map(([k, v]) => `${k}: ${v}\r\n`);
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  if (!chunks) socket.write(Buffer.alloc(bytes, 'x'));
  else {
    const size = Math.floor(bytes / chunks);
    socket.write(`${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`.repeat(chunks));
  }
  return {
    status: () => (text ? Number(text.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)) : undefined),
    closed: () => closed,
    leave: () => void socket.destroy(),
  };
}
