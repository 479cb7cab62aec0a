import type { NumberedEvent } from './read-news.ts';
import { toEntry } from './views.ts';

/** An event as https://html.spec.whatwg.org/multipage/server-sent-events.html wants it written. */
export const toServerSentEvent = (event: NumberedEvent): string =>
  // Types come as producers wrote them: a line break in one would begin another field.
  `id: ${event.position}\nevent: ${event.type.replaceAll(/[\r\n]/g, ' ')}\ndata: ${JSON.stringify(toEntry(event))}\n\n`;
