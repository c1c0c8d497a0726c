// Nothing leaves the machine: the process that shows the window has sockets on the loopback interface and no others.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import { expect, test, unlock } from './fixtures.ts';
import { seed } from './seed.ts';

const TABLES = ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6'] as const;
const LOOPBACK = /^(?:0100007F|00000000000000000000000001000000|0000000000000000FFFF00000100007F):/;
const NOBODY = /^0+:0000$/;

interface Socket {
  readonly table: string;
  readonly local: string;
  readonly remote: string;
}

/** The network sockets of a process, as the kernel lists them. */
function socketsOf(pid: number): Socket[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? [];
      } catch {
        return []; // closed meanwhile
      }
    }),
  );
  return TABLES.flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => own.has(fields[9] ?? ''))
      .map((fields) => ({ table, local: fields[1] ?? '', remote: fields[2] ?? '' })),
  );
}

test('no socket but on the loopback interface is opened, whatever is done', async ({ installation }) => {
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  const seen = new Map<string, Socket>();
  const look = (): void => {
    for (const socket of socketsOf(installation.pid())) seen.set(JSON.stringify(socket), socket);
  };
  const watching = setInterval(look, 20);
  try {
    for (const name of ['Search', 'Sessions', 'Checkpoints', 'Statistics', 'Diagnostics', 'Settings', 'Timeline'])
      await page.getByRole('link', { name, exact: true }).click();
    await page.getByRole('listbox').press('Enter');
    await expect(page.getByRole('tree')).toBeVisible();
    installation.cairnWithout('capture');
    installation.cairnWithout('verify');
    installation.cairnWithout('restore', 'latest', '--dry-run');
  } finally {
    clearInterval(watching);
  }
  look();
  expect(seen.size).toBeGreaterThan(0);
  const others = [...seen.values()].filter(
    ({ local, remote }) => !LOOPBACK.test(local) || !(LOOPBACK.test(remote) || NOBODY.test(remote)),
  );
  expect(others).toEqual([]);
});
