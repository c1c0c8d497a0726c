// Which data folder a command works on.

import { homedir } from 'node:os';
import { resolve } from 'node:path';
import process from 'node:process';

import { resolveDataFolder } from '../core/config/data-folder.ts';
import { AppError } from '../shared/model/app-error.ts';

/** The folder that was named, else that of the environment, else the platform's. @throws AppError USAGE_INVALID */
export function findHome(home: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  if (home === '') throw new AppError('USAGE_INVALID', '--home names no folder.', { hint: 'Give the data folder.' });
  if (home !== undefined) return resolve(home);
  return resolveDataFolder({ env, platform: process.platform, homeDir: env['HOME'] ?? homedir() });
}
