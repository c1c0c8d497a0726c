// The entry of the thread that seals captures into the inbox while the vault is locked (V5). It holds the public key and nothing else.

import { randomBytes } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

import { toPlainError, type PlainError } from '../../shared/model/app-error.ts';
import { InboxWriter } from './upkeep/inbox.ts';
import type { SaveRequest } from './vault.ts';
import { vaultFiles } from './vault-files.ts';

export interface DepositMessage {
  readonly call: number;
  /** Null asks for the end. */
  readonly request: SaveRequest | null;
}

export type DepositReply =
  | { readonly call: number; readonly error: null }
  | { readonly call: number; readonly error: PlainError };

const port = parentPort;
if (port === null) throw new RangeError('the inbox worker runs in a worker thread only');

let writer: InboxWriter | null = null;

port.on('message', ({ call, request }: DepositMessage) => {
  try {
    if (request === null) {
      writer?.close();
      port.close();
    } else {
      writer ??= InboxWriter.open(vaultFiles((workerData as { path: string }).path), randomBytes); // given by inbox-client.ts
      writer.deposit(request);
    }
    port.postMessage({ call, error: null } satisfies DepositReply);
  } catch (error) {
    port.postMessage({ call, error: toPlainError(error) } satisfies DepositReply);
  }
});
