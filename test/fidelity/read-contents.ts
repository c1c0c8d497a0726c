// Prints what the vault holds of one snapshot, with the content of its streams, as JSON: one unlock for all of it. Started as a bundle.

import process from 'node:process';

import { openVault } from '../../src/core/vault/vault-client.ts';
import { parseSnapshotId } from '../../src/shared/model/ids.ts';

const [path = '', id = ''] = process.argv.slice(2);
const secret = { type: 'password', text: process.env['CAIRN_PASSWORD'] ?? '' } as const;
const vault = await openVault({ path, secret, nowMs: Date.now() });
try {
  const { itemList } = await vault.readSnapshot(parseSnapshotId(id));
  const items = [];
  for (const item of itemList) {
    const contents: Record<string, string> = {};
    for (const { name } of item.streams)
      contents[name] = Buffer.from(await vault.readStream(parseSnapshotId(id), item.key, name)).toString('utf8');
    items.push({ item, contents });
  }
  process.stdout.write(JSON.stringify(items));
} finally {
  await vault.close();
}
