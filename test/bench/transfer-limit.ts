// What this machine allows: the same bytes to a server that throws them away, and into a file that is on disk after each batch. The slower of
// the two is what an upload is measured by. It is looked at before and after, since a virtual disk is twice as fast in one minute as in the next.

import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { timeMs } from './measure.ts';

const MB = 1024 * 1024;

/** MB a second. What was written before and here is on disk afterwards, and is not written while something is measured. The file stays. */
export async function measureTransferLimit(batches: readonly Uint8Array[], folder: string): Promise<number> {
  const mb = batches.reduce((sum, bytes) => sum + bytes.length, 0) / MB;
  execFileSync('sync');
  const loopback = await timeMs(() => sendToNobody(batches));
  const disk = await timeMs(() => writeSafely(batches, join(folder, 'disk')));
  execFileSync('sync');
  return (mb / Math.max(loopback.ms, disk.ms)) * 1_000;
}

async function sendToNobody(batches: readonly Uint8Array[]): Promise<void> {
  const sink = createServer((request, response) => {
    request.on('end', () => response.end()).resume();
  });
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`; // it listens on TCP
  for (const bytes of batches)
    await (await fetch(address, { method: 'PUT', body: Uint8Array.from(bytes) })).arrayBuffer();
  sink.close();
}

function writeSafely(batches: readonly Uint8Array[], path: string): void {
  const file = openSync(path, 'w');
  for (const bytes of batches) {
    writeSync(file, bytes);
    fsyncSync(file);
  }
  closeSync(file);
}
