// The workspace's own process: keeps the content, changes it when asked to, and leaves it in files, so that the process that is measured
// holds only what it captured. Speaks over IPC: any message is a step; the answer says which streams changed.

import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { BenchWorkspace, type BenchStream } from './workspace.ts';

/** What the measured process is told of a stream. */
export interface StreamFacts {
  readonly name: string;
  readonly kind: BenchStream['kind'];
  readonly version: number;
  readonly sizeBytes: number;
  /** Bytes at the end that the last step added, for an append. */
  readonly appended: number;
}

const [folder = '', seed = '1'] = process.argv.slice(2);
const workspace = new BenchWorkspace(Number(seed));
for (const stream of workspace.streams) writeFileSync(join(folder, stream.name), stream.content);
process.send?.(workspace.streams.map(toFacts));
process.on('message', () => {
  workspace.step();
  const changed = workspace.streams.filter((stream) => stream.isChanged);
  for (const { name, kind, content, appended } of changed) {
    if (kind === 'append') appendFileSync(join(folder, name), content.subarray(content.length - appended));
    else writeFileSync(join(folder, name), content);
  }
  process.send?.(changed.map(toFacts));
});
process.on('disconnect', () => process.exit());

function toFacts({ name, kind, version, content, appended }: BenchStream): StreamFacts {
  return { name, kind, version, sizeBytes: content.length, appended };
}
