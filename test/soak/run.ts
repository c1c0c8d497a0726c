// `npm run soak [-- --captures 10000 --seed 1]`: a soak with its table. Ends with 1 where memory, open files or the vault grow as they must
// not. Runs bundled, in a process that is started as bin/cairn starts one: what a thread from the source tree takes is not what is asked.

import { spawnSync } from 'node:child_process';
import process from 'node:process';

import { NODE_FLAGS, nodeEnvironment } from '../bench/node-flags.ts';
import { bundle } from '../support/bundle.ts';

const folder = await bundle('soak', { 'soak-process': 'test/soak/soak-process.ts' });
const flags = [...NODE_FLAGS, '--expose-gc'];
const { status } = spawnSync(process.execPath, [...flags, `${folder}/soak-process.js`, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: nodeEnvironment(process.env),
});
process.exitCode = status ?? 1;
