// A message port of Electron's main process as the API's handler takes one.

import type { MessagePortMainLike } from '@orpc/client/message-port';
import type { MessagePortMain } from 'electron';

import { isRpcMessage } from '../../core/api/rpc-message.ts';

type Listener = (event?: { data: unknown }) => void;

export interface ServedPort {
  readonly port: MessagePortMainLike;
  /** Ends what runs over it. Idempotent. */
  close(): void;
}

/** Nothing arrives before the port is started, and nothing that is no message of a window. Closing it on this side is told to the handler too, which Electron does not do. */
export function adaptPort(main: MessagePortMain): ServedPort {
  const closeListeners = new Set<Listener>();
  let isOpen = true;
  const noteClosed = (): void => {
    if (!isOpen) return;
    isOpen = false;
    for (const listener of closeListeners) listener();
  };
  main.on('close', noteClosed);
  return {
    port: {
      on: (event, callback) => {
        if (event === 'message')
          main.on('message', ({ data }: { data: unknown }) => {
            if (isRpcMessage(data)) callback({ data });
          });
        if (event === 'close') closeListeners.add(callback);
      },
      postMessage: (data: unknown) => {
        if (isOpen) main.postMessage(data);
      },
    },
    close: () => {
      noteClosed();
      main.close();
    },
  };
}
