// Cairn's side of the helper programs' sockets: what is open in each browser profile that has the extension, a signal when that changes, and
// commands of a restore.

import { createConnection, type Socket } from 'node:net';

import { FrameReader, parseFrame, toFrame } from './frames.ts';
import type { FoundSocket } from './runtime-folder.ts';

const MAX_ANSWER_BYTES = 40 * 1024 * 1024;
const READ_MS = 2_000;

type Message = Readonly<Record<string, unknown>>;

/** What a helper program says of itself and its browser, unchecked; null where it does not answer in time. */
export async function readHost(socket: FoundSocket, signal: AbortSignal): Promise<Message | null> {
  try {
    return await converse(
      socket.path,
      { type: 'read' },
      'state',
      AbortSignal.any([signal, AbortSignal.timeout(READ_MS)]),
    );
  } catch {
    return null; // ended in between, left by a killed one, or hanging: the session files say what there is
  }
}

/** Sends a command to the extension and gives its answer, unchecked. @throws Error with why as half a sentence */
export async function askExtension(path: string, command: object, signal: AbortSignal): Promise<unknown> {
  const answer = await converse(path, { type: 'ask', id: 1, command }, 'answer', signal);
  if (answer['ok'] !== true)
    throw new Error(typeof answer['error'] === 'string' ? answer['error'] : 'it did not say why');
  return answer['value'];
}

/**
 * Calls back each time the browser's tabs change, until the signal.
 * @param onEnd the helper program ended
 */
export function watchHost(
  socket: FoundSocket,
  options: { readonly signal: AbortSignal; readonly onChange: () => void; readonly onEnd: () => void },
): void {
  const connection = createConnection(socket.path);
  connection.unref();
  const end = (): void => {
    connection.destroy();
  };
  options.signal.addEventListener('abort', end, { once: true });
  connection.on('error', end);
  connection.on('close', () => {
    options.signal.removeEventListener('abort', end);
    options.onEnd();
  });
  listenTo(connection, (message) => {
    if (message['type'] === 'changed' && !options.signal.aborted) options.onChange();
  });
  connection.write(toFrame('{"type":"watch"}'));
}

/** Sends one message and waits for the first of the wanted kind. */
function converse(path: string, message: object, wanted: string, signal: AbortSignal): Promise<Message> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new Error('it was cancelled'));
      return;
    }
    const connection = createConnection(path);
    const onAbort = (): void => {
      connection.destroy(new Error('it did not answer in time'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    // The system's own words name paths.
    const brokeOff = (): void => reject(new Error('the connection to the extension broke off'));
    connection.on('error', (error: NodeJS.ErrnoException) => (error.code === undefined ? reject(error) : brokeOff()));
    connection.on('close', () => {
      signal.removeEventListener('abort', onAbort);
      brokeOff();
    });
    listenTo(connection, (answer) => {
      if (answer['type'] !== wanted) return;
      resolve(answer);
      connection.destroy();
    });
    connection.write(toFrame(JSON.stringify(message)));
  });
}

function listenTo(connection: Socket, onMessage: (message: Message) => void): void {
  const reader = new FrameReader(MAX_ANSWER_BYTES);
  connection.on('data', (piece: Buffer) => {
    const reading = reader.push(piece);
    if (reading.result === 'too-large') connection.destroy();
    else for (const message of reading.frames.map(parseFrame)) if (message !== null) onMessage(message);
  });
}
