// The connection to Cairn's core, whichever shell hosts this page: a MessagePort that the desktop app hands over, or a WebSocket to the
// serve shell. It comes back by itself; calls that were under way fail as retryable.

import { createORPCClient, DynamicLink, type ClientLink } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';

import type { Contract } from '../../shared/contract/contract.ts';

export type Api = ContractRouterClient<Contract>;
type Link = ClientLink<object>;

export type Connection = 'connecting' | 'connected' | 'lost' | 'refused';

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 5_000;
const PORT_MESSAGE = 'cairn-port';

let link: Link | null = null;
let waiting: ((ready: Link) => void)[] = [];
const listeners = new Set<(connection: Connection) => void>();

/** The core, as a typed client of the contract. */
export const api: Api = createORPCClient(new DynamicLink(() => currentLink()));

/** Hears how the connection stands from now on. */
export function onConnection(listener: (connection: Connection) => void): void {
  listeners.add(listener);
}

/** Begins to connect; called once. */
export function connect(): void {
  if (location.protocol === 'app:') connectByPort();
  else void connectBySocket();
}

function currentLink(): Promise<Link> {
  return link === null ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(link);
}

function setLink(next: Link | null): void {
  link = next;
  if (next === null) return;
  for (const resolve of waiting) resolve(next);
  waiting = [];
}

function tell(connection: Connection): void {
  for (const listener of listeners) listener(connection);
}

/** The desktop app's preload posts one port for each load of the page. */
function connectByPort(): void {
  tell('connecting');
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const [port] = event.ports;
    if (event.source !== window || event.data !== PORT_MESSAGE || port === undefined) return;
    port.start();
    setLink(new PortLink({ port }));
    tell('connected');
  });
}

async function connectBySocket(): Promise<void> {
  tell('connecting');
  if (!(await login())) {
    tell('refused');
    return;
  }
  let retryMs = FIRST_RETRY_MS;
  for (;;) {
    const hasOpened = await runSocket();
    retryMs = hasOpened ? FIRST_RETRY_MS : Math.min(MAX_RETRY_MS, retryMs * 2);
    tell('lost');
    await new Promise((resolve) => setTimeout(resolve, retryMs));
    // A server that was started anew knows no cookie of before.
    if (!hasOpened && (await isRefused())) {
      tell('refused');
      return;
    }
  }
}

/** Trades the code of the address for a cookie; the code leaves the address at once. */
async function login(): Promise<boolean> {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (location.hash !== '') history.replaceState(null, '', `${location.pathname}${location.search}`);
  try {
    return (await postSession(code ?? '')).ok;
  } catch {
    return true; // not reached: the socket's retries go on
  }
}

async function isRefused(): Promise<boolean> {
  try {
    return (await postSession('')).status === 403;
  } catch {
    return false;
  }
}

function postSession(code: string): Promise<Response> {
  return fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
}

/** Resolves when the socket is closed again; true where it was open. */
function runSocket(): Promise<boolean> {
  const socket = new WebSocket(`ws://${location.host}/rpc`);
  return new Promise((resolve) => {
    let hasOpened = false;
    socket.addEventListener('open', () => {
      hasOpened = true;
      setLink(new SocketLink({ websocket: socket }));
      tell('connected');
    });
    socket.addEventListener('close', () => {
      setLink(null);
      resolve(hasOpened);
    });
  });
}
