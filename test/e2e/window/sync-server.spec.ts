// Sync against the real server: an account is made from the window, and what was captured reaches it.

import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, expectAccessible, picture, test, unlock, type Installation } from './fixtures.ts';
import { seed } from './seed.ts';

const CLI = fileURLToPath(new URL('../../../out/main/cli.js', import.meta.url));

interface RunningServer extends AsyncDisposable {
  readonly address: string;
}

/** `cairn server` on SQLite in the installation's scratch folder. */
async function startServer({ dataFolder }: Installation): Promise<RunningServer> {
  const args = [CLI, 'server', '--data-dir', join(dataFolder, '../server'), '--port', '0', '--sign-up', 'open'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    address: await readAddress(child),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function readAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
      const found = /listens at (http:\/\/\S+)/.exec(text);
      if (found?.[1] !== undefined) resolve(found[1]);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', () => reject(new Error(`cairn server ended: ${text}`)));
  });
}

test('an account is made in the window, and everything here reaches the server', async ({ installation }) => {
  test.slow();
  await using server = await startServer(installation);
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await page.getByRole('link', { name: 'Settings' }).press('Enter');
  await page.getByRole('link', { name: 'Sync', exact: true }).press('Enter');

  // A wrong address is told where it was entered, and nothing is turned on.
  await page.getByLabel('Address of the server').fill('http://127.0.0.1:9');
  await page.getByLabel('E-mail').fill('robin@example.org');
  await page.getByLabel('Password of the account', { exact: true }).fill('a long account password 7');
  await page.getByLabel('Name of this device').fill('Workstation');
  await page.keyboard.press('Enter');
  const content = page.locator('#main');
  await expect(content.getByRole('alert')).toBeVisible();

  await page.getByLabel('Address of the server').fill(server.address);
  await page.getByRole('button', { name: 'Make an account' }).press('Enter');
  await page.getByRole('button', { name: 'Make the account and sync' }).press('Enter');
  await expect(content).toContainText('Connected');
  await expect(content).toContainText('Nothing: all that may leave this device is on the server.');
  await expect(page.getByRole('complementary', { name: 'Cairn' })).toContainText('Synced');
  await expect(content.getByRole('table', { name: 'Devices that share this vault' })).toContainText('Workstation');

  await page.getByRole('button', { name: 'Sign out…' }).press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).press('Enter');
  await expect(content).toContainText('Two different secrets:');
});

test('a code is shown in the window, entered on the page of the server, and lets this device in', async ({
  installation,
}) => {
  test.slow();
  await using server = await startServer(installation);
  const account = { email: 'robin@example.org', password: 'a long account password 7' };
  await fetch(`${server.address}/v1/auth/sign-up`, {
    method: 'POST',
    headers: { 'cairn-protocol': '1', 'content-type': 'application/json' },
    body: JSON.stringify(account),
  });
  await seed(installation);
  const page = await installation.open();
  await unlock(page);
  await page.getByRole('link', { name: 'Settings' }).press('Enter');
  await page.getByRole('link', { name: 'Sync', exact: true }).press('Enter');
  await page.getByRole('button', { name: 'Use a code' }).press('Enter');
  await expect(page.getByLabel('Password of the account', { exact: true })).toHaveCount(0);
  await page.getByLabel('Address of the server').fill(server.address);
  await page.getByRole('button', { name: 'Show a code' }).press('Enter');
  const content = page.locator('#main');
  await expect(content).toContainText(`${server.address}/device`);
  await expectAccessible(page);
  await picture(page, 'settings-sync-code');
  const userCode = /[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(await content.innerText())?.[0] ?? '';

  const entered = await fetch(`${server.address}/device`, {
    method: 'POST',
    body: new URLSearchParams({ userCode, ...account }),
  });

  expect(entered.status).toBe(200);
  await expect(content).toContainText('Nothing: all that may leave this device is on the server.', { timeout: 20_000 });
  await expect(content).toContainText(account.email);
});
