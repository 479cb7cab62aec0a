import { type TimelineView, timelineEntry } from '@orderflow/contracts/http/audit';
import { onTestFinished } from 'vitest';

export type Received = { id: number; event: string; entry: TimelineView['events'][number] };

/** Reads server-sent events as a browser does: what came so far, and how to leave. */
export async function openStream(url: string, headers: Record<string, string>) {
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const response = await fetch(url, { headers, signal: leaving.signal });
  const events: Received[] = [];
  const others: string[] = [];
  let ended: 'no' | 'whole' | 'broken' = 'no';

  async function read(): Promise<void> {
    let rest = '';
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      rest += text;
      const blocks = rest.split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        const told = /^id: (\d+)\nevent: (.*)\ndata: (.*)$/.exec(block);
        if (!told) others.push(block);
        else {
          const entry = timelineEntry.parse(JSON.parse(told[3]!));
          events.push({ id: Number(told[1]), event: told[2]!, entry });
        }
      }
    }
  }
  const over = response.ok
    ? read().then(
        () => {
          ended = 'whole';
        },
        () => {
          ended = 'broken';
        },
      )
    : Promise.resolve();

  return {
    response,
    events,
    /** Comments and `retry`. */
    others,
    over,
    ended: () => ended,
    types: () => events.map(({ event }) => event),
    leave: () => leaving.abort(),
  };
}
