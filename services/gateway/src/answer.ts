import type { Response } from 'express';
import type { Dispatcher } from 'undici';
import { responseHeaders } from './headers.ts';

/** Passes a service's answer on to the client as it comes, no faster than the client reads. */
export const passOnTo = (
  res: Response,
  onBegin: (status: number) => void,
): Required<Pick<Dispatcher.DispatchHandler, 'onResponseStart' | 'onResponseData' | 'onResponseEnd'>> => ({
  onResponseStart(controller, status) {
    if (status < 200) return; // an interim one: the answer follows
    onBegin(status);
    res.writeHead(status, responseHeaders(controller.rawHeaders as Buffer[]));
    // Of unknown length it may be a live stream, whose first event is far off.
    if (!res.hasHeader('content-length')) res.flushHeaders();
  },
  onResponseData(controller, chunk) {
    if (res.write(chunk)) return;
    controller.pause();
    res.once('drain', () => controller.resume());
  },
  onResponseEnd() {
    res.end();
  },
});
