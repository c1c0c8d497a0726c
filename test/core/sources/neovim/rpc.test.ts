import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { encodeValue } from '../../../../src/core/sources/neovim/msgpack.ts';
import { readBufferText, readNeovim, type NeovimBuffer } from '../../../../src/core/sources/neovim/read-neovim.ts';
import { withNeovim } from '../../../../src/core/sources/neovim/rpc.ts';
import { AppError } from '../../../../src/shared/model/app-error.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let path: string;
let server: Server | null = null;
const connections = new Set<Socket>();

beforeEach(() => {
  folder = makeTemporaryFolder();
  path = join(folder.path, 'nvim.1.0');
});
afterEach(() => {
  for (const connection of connections) connection.destroy();
  connections.clear();
  server?.close();
  server = null;
  folder[Symbol.dispose]();
});

/** Something that listens where a Neovim should. */
async function listen(answer: (socket: Socket, asked: Buffer) => void): Promise<void> {
  server = createServer((socket) => {
    connections.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (asked) => answer(socket, asked));
  });
  await new Promise<void>((resolve) => server?.listen(path, resolve));
}

async function refusal(signal = AbortSignal.timeout(5_000)): Promise<string> {
  try {
    await withNeovim(path, signal, readNeovim);
    return 'read';
  } catch (error) {
    return error instanceof AppError ? `${error.code}: ${error.message}` : String(error);
  }
}

function reply(result: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x94, 1, 1, 0xc0]), result]);
}

describe('withNeovim()', () => {
  it('says so where nobody listens', async () => {
    expect(await refusal()).toBe('SOURCE_UNREADABLE: its socket does not answer');
  });

  it('gives up on one that never answers', async () => {
    await listen(() => undefined);
    expect(await refusal()).toBe('SOURCE_TIMEOUT: it did not answer within a second');
  });

  it('stops with the capture', async () => {
    await listen(() => undefined);
    expect(await refusal(AbortSignal.abort())).toMatch(/^CANCELLED/);
    const controller = new AbortController();
    const result = refusal(controller.signal);
    controller.abort();
    expect(await result).toMatch(/^CANCELLED/);
  });

  it.each([
    { name: 'closes at once', answer: (socket: Socket) => socket.end(), why: 'it closed the connection' },
    {
      name: 'speaks no MessagePack',
      answer: (socket: Socket) => socket.write('\xc1\xc1', 'latin1'),
      why: 'it answers in another language',
    },
    {
      name: 'refuses',
      answer: (socket: Socket) => socket.write(encodeValue([1, 1, 'E5555', null])),
      why: 'it refused a question',
    },
    {
      name: 'waits for a key',
      answer: (socket: Socket) => socket.write(reply(Buffer.from('82a46d6f6465a172a8626c6f636b696e67c3', 'hex'))),
      why: 'it waits for a key',
    },
  ])('says so of one that $name', async ({ answer, why }) => {
    await listen(answer);
    expect(await refusal()).toBe(`SOURCE_UNREADABLE: ${why}`);
  });

  it('takes answers in any parts, among messages that are not for it', async () => {
    const message = Buffer.concat([
      encodeValue([2, 'redraw', []]),
      encodeValue([1, 99, null, 1]),
      encodeValue([7]),
      encodeValue([1, 1, null, 'x'.repeat(200_000)]),
    ]);
    await listen((socket) => {
      socket.write(message.subarray(0, 3));
      setTimeout(() => socket.write(message.subarray(3, 70_000)), 5);
      setTimeout(() => socket.write(message.subarray(70_000)), 10);
    });

    const answer = await withNeovim(path, AbortSignal.timeout(5_000), (connection) => connection.call('nvim_get_mode'));

    expect(answer instanceof Uint8Array ? answer.length : 0).toBe(200_000);
  });

  it('ends at an answer that is too long', async () => {
    await listen((socket) => {
      socket.write(Buffer.from([0x94, 1, 1, 0xc0, 0xdb, 0xff, 0xff, 0xff, 0xff]));
      socket.write(Buffer.alloc(50 * 1024 * 1024));
    });
    expect(await refusal()).toMatch(/its answer is too long|did not answer within/);
  });
});

describe('readBufferText()', () => {
  const buffer: NeovimBuffer = {
    number: 1,
    name: '/w/a',
    isListed: true,
    isModified: true,
    line: 1,
    type: '',
    encoding: 'utf-8',
    lineEnd: '\n',
    endsWithNewline: true,
    changes: 1,
    swapFile: '',
    lineCount: 4,
    sizeBytes: 12,
  };

  /** Answers as Neovim does, of these lines. */
  async function textOf(lines: readonly string[], more: Partial<NeovimBuffer>, maxBytes = 100) {
    let asked = 0;
    const connection = {
      call: async (method: string, ...parameters: readonly unknown[]) => {
        if (method === 'nvim_buf_get_offset') {
          return lines.slice(0, Number(parameters[1])).reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
        }
        asked = Number(parameters[2]);
        return lines.slice(0, asked).map((line) => Buffer.from(line));
      },
    };
    const sizeBytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    const own = { ...buffer, lineCount: lines.length, sizeBytes, ...more };
    const { bytes, isCut } = await readBufferText(connection, own, maxBytes);
    return { text: Buffer.from(bytes).toString(), isCut, asked };
  }

  it.each([
    { more: {}, text: 'a\nb\n' },
    { more: { lineEnd: '\r\n' }, text: 'a\r\nb\r\n' },
    { more: { lineEnd: '\r', endsWithNewline: false }, text: 'a\rb' },
  ] as const)('ends lines as the file does: $more', async ({ more, text }) => {
    expect(await textOf(['a', 'b'], more)).toEqual({ text, isCut: false, asked: 2 });
  });

  it('asks for no more of a long text than is kept, and cuts at a line', async () => {
    expect(await textOf(['aa', 'bb', 'cc', 'dd'], {}, 6)).toEqual({ text: 'aa\nbb\n', isCut: true, asked: 2 });
    expect(await textOf(['a', 'b'.repeat(20), 'c'], {}, 12)).toEqual({ text: 'a\n', isCut: true, asked: 1 });
    expect(await textOf(['a'.repeat(20), 'b'], {}, 12)).toEqual({ text: '', isCut: true, asked: 0 });
  });

  it('keeps a zero byte, which Neovim has as a newline', async () => {
    expect((await textOf(['a\nb'], {})).text).toBe('a\0b\n');
  });
});
