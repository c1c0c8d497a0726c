import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { findOffTerminals } from '../../../../src/core/capture/rules/off-terminals.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';

/** Terminal `/dev/pts/N` as the kernel numbers it. */
const pts = (number: number): number => (136 << 8) + number;

it('finds the terminals in which any process says no, and takes nothing else from an environment', () => {
  using folder = makeTemporaryFolder();
  const processes: readonly (readonly [number, number, string, string])[] = [
    [10, pts(1), 'S', 'HOME=/home/dev\0CAIRN_OFF=1\0TOKEN=hunter2'],
    [20, pts(2), 'S', 'HOME=/home/dev'],
    [21, pts(2), 'S', 'CAIRN_OFF=yes'],
    [30, pts(3), 'S', 'CAIRN_OFF=0'],
    [40, pts(4), 'S', 'CAIRN_OFF='],
    [50, pts(5), 'S', 'NOT_CAIRN_OFF=1\0CAIRN_OFFICE=1'],
    [60, 0, 'S', 'CAIRN_OFF=1'],
    [70, pts(7), 'Z', 'CAIRN_OFF=1'],
  ];
  for (const [pid, tty, state, environ] of processes) {
    mkdirSync(join(folder.path, String(pid)));
    const fields = [state, 1, pid, pid, tty, pid, ...Array.from({ length: 30 }, () => 0)];
    writeFileSync(join(folder.path, String(pid), 'stat'), `${pid} (bash) ${fields.join(' ')}`);
    writeFileSync(join(folder.path, String(pid), 'environ'), environ);
  }

  expect(findOffTerminals({ procDir: folder.path })).toEqual(new Set(['/dev/pts/1', '/dev/pts/2']));
});
