import type { CapturedItem, CapturedStream } from '../../../shared/model/item.ts';

const LINE_END = 0x0a;

/**
 * Keeps the last lines of a terminal's scrollback, as many as the user wants kept; the item itself where it has no more. Parts that
 * were only appended stay: their stream is trimmed when it comes whole again.
 */
export function trimScrollback(item: CapturedItem, maxLines: number): CapturedItem {
  if (item.kind !== 'terminal') return item;
  const streams = item.streams.map((stream) => trimStream(stream, maxLines));
  return streams.every((stream, at) => stream === item.streams[at]) ? item : { ...item, streams };
}

function trimStream(stream: CapturedStream, maxLines: number): CapturedStream {
  if (stream.kind !== 'ring' || stream.content.type !== 'whole') return stream;
  const { bytes } = stream.content;
  const start = startOfLastLines(bytes, maxLines);
  // A copy with a buffer of its own: the whole buffer moves to the vault.
  return start === 0 ? stream : { ...stream, content: { type: 'whole', bytes: bytes.slice(start) } };
}

/** Where the last lines begin; a line end at the very end begins no line. */
function startOfLastLines(bytes: Uint8Array, maxLines: number): number {
  if (maxLines === 0) return bytes.length;
  let at = bytes.at(-1) === LINE_END ? bytes.length - 1 : bytes.length;
  for (let lines = 0; lines < maxLines; lines += 1) {
    at = at === 0 ? -1 : bytes.lastIndexOf(LINE_END, at - 1);
    if (at < 0) return 0;
  }
  return at + 1;
}
