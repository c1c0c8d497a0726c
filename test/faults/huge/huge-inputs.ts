// Makes the huge and hostile files that other programs might leave, quickly: lines are patched in place, not built one by one.

import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export const MEGABYTE = 1024 * 1024;
const LINE_BYTES = 1024;
const LINES_AT_ONCE = 4_096;
const ID_DIGITS = 10;

/** Writes a file with its folders. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/**
 * Writes lines of 1 kB, so many bytes together.
 * @param toLine builds a line's record around an id of ten digits, which stands in it wherever it likes, and a text
 */
export function writeLines(path: string, sizeBytes: number, toLine: (id: string, text: string) => object): void {
  mkdirSync(dirname(path), { recursive: true });
  const block = Buffer.alloc(LINES_AT_ONCE * LINE_BYTES, aLine(toLine));
  const first = block.subarray(0, LINE_BYTES);
  const places = placesOf(first, '0'.repeat(ID_DIGITS));
  const file = openSync(path, 'w');
  try {
    for (let number = 0, written = 0; written < sizeBytes; written += block.length) {
      for (let line = 0; line < LINES_AT_ONCE; line += 1, number += 1) {
        const id = String(number).padStart(ID_DIGITS, '0');
        for (const place of places) block.write(id, line * LINE_BYTES + place, 'latin1');
      }
      writeSync(file, block);
    }
  } finally {
    closeSync(file);
  }
}

function aLine(toLine: (id: string, text: string) => object): Buffer {
  const id = '0'.repeat(ID_DIGITS);
  const bare = JSON.stringify(toLine(id, ''));
  const text = 'huge words '.repeat(LINE_BYTES).slice(0, LINE_BYTES - 1 - bare.length);
  return Buffer.from(`${JSON.stringify(toLine(id, text))}\n`);
}

function placesOf(line: Buffer, text: string): number[] {
  const places: number[] = [];
  for (let at = line.indexOf(text); at >= 0; at = line.indexOf(text, at + text.length)) places.push(at);
  return places;
}

/** A line of Claude Code's, whose parent has been lost, so that the line before counts as it. */
export function claudeLine(id: string, text: string): object {
  return {
    type: 'assistant',
    uuid: `u-${id}`,
    parentUuid: `lost-${id}`,
    timestamp: '2026-11-20T12:00:00.000Z',
    cwd: '/work/api',
    message: { id: `m-${id}`, role: 'assistant', content: [{ type: 'text', text }] },
  };
}

/** A line of Codex'. */
export function codexLine(id: string, text: string): object {
  const content = [{ type: 'input_text', text }];
  return {
    timestamp: '2026-11-20T12:00:00.000Z',
    type: 'response_item',
    payload: { type: 'message', id: `m-${id}`, role: 'user', content },
  };
}

/** A line of Gemini CLI's. */
export function geminiLine(id: string, text: string): object {
  return { id: `m-${id}`, type: 'user', content: text, timestamp: '2026-11-20T12:00:00.000Z' };
}

/** A session store of Firefox with tabs of ten pages and an icon each. */
export function firefoxSession(tabCount: number): Buffer {
  const tabs = Array.from({ length: tabCount }, (_, tab) => ({
    entries: Array.from({ length: 10 }, (_, page) => ({
      url: `https://example.org/${tab}/${page}/a/longer/path?with=query&and=more`,
      title: `Page ${page} of tab ${tab}`,
      docshellUUID: `{00000000-0000-4000-8000-${String(tab).padStart(12, '0')}}`,
      triggeringPrincipal_base64: '{"3":{}}',
      docIdentifier: tab,
    })),
    index: 10,
    lastAccessed: 1_795_000_000_000,
    image: `data:image/png;base64,${'A'.repeat(1_500)}`,
  }));
  return toMozLz4(Buffer.from(JSON.stringify({ windows: [{ tabs, selected: 1 }] })));
}

/** Firefox' own packing, of literals alone. */
export function toMozLz4(content: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.write('mozLz40\0', 'latin1');
  head.writeUInt32LE(content.length, 8);
  const rest = content.length - 15;
  const length = Buffer.alloc(Math.floor(rest / 255) + 1, 255);
  length[length.length - 1] = rest % 255;
  return Buffer.concat([head, Buffer.from([0xf0]), length, content]);
}

/** A session file of Chromium with tabs of ten pages each, and the form data that Chromium has there. */
export function chromiumSession(tabCount: number): Buffer {
  const records = [Buffer.from('SNSS'), integers(3), record(9, integers(1, 0))];
  for (let tab = 0; tab < tabCount; tab += 1) {
    const id = 100 + tab;
    records.push(record(0, integers(1, id)), record(2, integers(id, tab)), record(7, integers(id, 9)));
    for (let page = 0; page < 10; page += 1) {
      const url = padded(Buffer.from(`https://example.org/${tab}/${page}/a/longer/path?with=query`));
      const title = padded(Buffer.from(`Page ${page} of tab ${tab}`, 'utf16le'));
      const body = Buffer.concat([
        integers(id, page, url.length),
        url.bytes,
        integers(title.length / 2),
        title.bytes,
        Buffer.alloc(200),
      ]);
      records.push(record(6, Buffer.concat([integers(body.length), body])));
    }
  }
  return Buffer.concat(records);
}

function record(id: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(3);
  head.writeUInt16LE(payload.length + 1);
  head[2] = id;
  return Buffer.concat([head, payload]);
}

function integers(...values: readonly number[]): Buffer {
  return Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32LE(value);
      return bytes;
    }),
  );
}

function padded(bytes: Buffer): { readonly bytes: Buffer; readonly length: number } {
  return { bytes: Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]), length: bytes.length };
}
