/** The fields of one block; `data` is missing in those that are no event. */
export type Block = { id?: string; event?: string; data?: string; retry?: number };

/**
 * Reads https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation as it comes, in
 * pieces that may begin and end anywhere. A block that was not ended is not given.
 */
export async function* readServerSentEvents(pieces: AsyncIterable<string>): AsyncGenerator<Block> {
  let block: Block = {};
  for await (const line of linesOf(pieces)) {
    if (line !== '') {
      addLine(block, line);
      continue;
    }
    yield block;
    block = {};
  }
}

/** Lines end with CR LF, LF or CR. */
async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    const text = rest + piece;
    // A CR at the very end may be half of a CR LF, so it waits for what follows.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    yield* lines;
  }
  // What is left was not ended by a line break. With a lone CR it was.
  if (rest.endsWith('\r')) yield rest.slice(0, -1);
}

function addLine(block: Block, line: string): void {
  const [, field, value = ''] = /^([^:]*):? ?(.*)$/su.exec(line)!;
  switch (field) {
    case 'data':
      block.data = block.data === undefined ? value : `${block.data}\n${value}`;
      break;
    case 'event':
      block.event = value;
      break;
    case 'id':
      if (!value.includes('\0')) block.id = value;
      break;
    case 'retry':
      if (/^\d+$/.test(value)) block.retry = Number(value);
      break;
    // Comments, which have no name, and fields that are not known are skipped.
  }
}

/** The text of a body, piece by piece. Not every browser can walk a stream with `for await`. */
export async function* textOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
