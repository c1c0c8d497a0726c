// Hands the app's own page one port to the API, anew at each load. Any other page or frame gets none, and the port of a page that left
// is closed, with what runs over it.

import type { SupportedMessagePort } from '@orpc/client/message-port';
import type { MessageChannelMain, WebContents, WebFrameMain } from 'electron';

import { isOwnPage } from '../window/own-page.ts';
import { adaptPort, type ServedPort } from './port-adapter.ts';

/** What the preload listens for. */
export const PORT_CHANNEL = 'cairn-port';

/** Answers the calls that come over a port. */
export type ServePort = (port: SupportedMessagePort) => void;

export interface PagePortDeps {
  readonly createChannel: () => Pick<MessageChannelMain, 'port1' | 'port2'>;
  readonly serve: ServePort;
  readonly onServed: (isServed: boolean) => void;
}

export function setupPagePort(contents: WebContents, { createChannel, serve, onServed }: PagePortDeps): void {
  let served: ServedPort | null = null;
  const close = (): void => {
    served?.close();
    served = null;
    onServed(false);
  };
  contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) close();
  });
  contents.on('render-process-gone', close);
  contents.on('destroyed', close);
  contents.on('did-finish-load', () => {
    close();
    if (!isOwnFrame(contents.mainFrame)) return;
    const { port1, port2 } = createChannel();
    served = adaptPort(port1);
    serve(served.port);
    port1.start();
    contents.postMessage(PORT_CHANNEL, null, [port2]);
    onServed(true);
  });
}

/** True for the main frame with our page in it; its origin says more than its address where a page was put in another way. */
function isOwnFrame(frame: Pick<WebFrameMain, 'url' | 'origin' | 'parent'>): boolean {
  return frame.parent === null && isOwnPage(frame.url) && isOwnPage(frame.origin);
}
