// Server-sent events from bytes, as they come. Total: any bytes give events or none.

/** No event of a model is longer; what is, is let go. */
const MAX_EVENT_CHARACTERS = 4 * 1024 * 1024;

/** The data of each event, in order. */
export async function* readEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  let data: string[] = [];
  let size = 0;
  const take = function* (line: string): Generator<string> {
    if (line === '') {
      if (data.length > 0) yield data.join('\n');
      data = [];
      size = 0;
    } else if (line.startsWith('data:')) {
      const value = line.slice(line.startsWith('data: ') ? 6 : 5);
      size += value.length;
      if (size <= MAX_EVENT_CHARACTERS) data.push(value);
      else data = [];
    }
  };
  for await (const part of bytes) {
    text += decoder.decode(part, { stream: true });
    const lines = text.split(/\r\n|\n|\r(?=[^\n])/);
    text = (lines.pop() ?? '').slice(0, MAX_EVENT_CHARACTERS);
    for (const line of lines) yield* take(line);
  }
  // A last event need not be closed by an empty line.
  for (const line of [...(text + decoder.decode()).split(/\r\n|\n|\r/), '']) yield* take(line);
}
