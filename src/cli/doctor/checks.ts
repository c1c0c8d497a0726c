// What the surroundings mean: each check one line, and what to do where it is not well. Pure, so that each rule is a line in a test.

import { countOf, formatBytes } from '../format/amounts.ts';
import { describeAge } from '../format/times.ts';
import type { FileFacts, Surroundings } from './look-around.ts';

const DAY_MS = 86_400_000;
const BACKUP_OLD_AFTER_MS = 7 * DAY_MS;
const LOG_LARGE_FROM_BYTES = 256 * 1024 * 1024;
/** Files that are written in the future by more than this say that the clock is behind. */
const CLOCK_SLACK_MS = DAY_MS;
const MIN_NODE = [22, 12] as const;

export type CheckState = 'ok' | 'warning' | 'problem';

export interface Check {
  readonly name: string;
  readonly state: CheckState;
  readonly detail: string;
  /** What to do; empty where all is well. */
  readonly next: string;
}

export function runChecks(facts: Surroundings): Check[] {
  return [
    checkNode(facts),
    checkSqlite(facts),
    checkFolder(facts),
    checkVault(facts),
    checkKeyFile(facts),
    checkLog(facts),
    checkHolders(facts),
    ...checkPlace(facts),
    checkBackups(facts),
    checkClock(facts),
    checkSettings(facts),
    checkSources(facts),
  ];
}

function ok(name: string, detail: string): Check {
  return { name, state: 'ok', detail, next: '' };
}

function checkNode({ node }: Surroundings): Check {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])) return ok('node', `Node ${node}`);
  return {
    name: 'node',
    state: 'problem',
    detail: `Node ${node} is too old`,
    next: `Install Node ${MIN_NODE.join('.')} or newer.`,
  };
}

function checkSqlite({ sqlite }: Surroundings): Check {
  if (sqlite.isNewEnough) return ok('sqlite', `SQLite ${sqlite.version}`);
  return {
    name: 'sqlite',
    state: 'problem',
    detail: `SQLite ${sqlite.version} may damage a vault`,
    next: 'Reinstall Cairn with the SQLite that it ships.',
  };
}

function checkFolder({ folder, files }: Surroundings): Check {
  if (folder === null)
    return {
      name: 'folder',
      state: 'warning',
      detail: 'there is no data folder yet',
      next: 'Make the vault with `cairn init`.',
    };
  const open = [folder, ...files].filter(isOpenToOthers).map(({ name }) => name);
  if (open.length === 0) return ok('folder', 'nobody else can read the data folder');
  return {
    name: 'folder',
    state: 'warning',
    detail: `other users of this machine can read: ${open.join(', ')}`,
    next: 'Open the vault once (`cairn status`): it closes them.',
  };
}

function isOpenToOthers({ name, mode }: FileFacts): boolean {
  return (mode & 0o077) !== 0 && !name.startsWith('vault.db-');
}

function checkVault({ files, format, folder }: Surroundings): Check {
  const vault = files.find(({ name }) => name === 'vault.db');
  if (vault === undefined)
    return {
      name: 'vault',
      state: folder === null ? 'warning' : 'problem',
      detail: 'there is no vault file',
      next: files.some(({ name }) => name === 'vault.db.keys')
        ? 'Its key file is there: put the vault file back, or the newest backup in its place.'
        : 'Make the vault with `cairn init`.',
    };
  if (format.found === null)
    return {
      name: 'vault',
      state: 'problem',
      detail: 'the beginning of the vault file is damaged',
      next: 'See what comes back with `cairn repair --dry-run`.',
    };
  if (format.found > format.known)
    return {
      name: 'vault',
      state: 'problem',
      detail: `the vault has format ${format.found}, this Cairn knows ${format.known}`,
      next: 'Update Cairn.',
    };
  return ok('vault', `${formatBytes(vault.sizeBytes)}, format ${format.found}`);
}

function checkKeyFile({ files, keyFileBoxes }: Surroundings): Check {
  if (!files.some(({ name }) => name === 'vault.db')) return ok('key file', 'not needed yet');
  if (keyFileBoxes !== null) return ok('key file', `whole, remembers ${countOf(keyFileBoxes, 'record')}`);
  return {
    name: 'key file',
    state: 'warning',
    detail: 'the key file beside the vault is missing or unreadable',
    next: 'Open the vault once (`cairn status`): it is written anew.',
  };
}

function checkLog({ files }: Surroundings): Check {
  const log = files.find(({ name }) => name === 'vault.db-wal');
  if (log === undefined || log.sizeBytes < LOG_LARGE_FROM_BYTES)
    return ok('log', log === undefined ? 'empty' : formatBytes(log.sizeBytes));
  return {
    name: 'log',
    state: 'warning',
    detail: `the write-ahead log has ${formatBytes(log.sizeBytes)}`,
    next: 'End other programs that read the vault, then run `cairn prune`.',
  };
}

function checkHolders({ holders }: Surroundings): Check {
  const open = holders.hasOpen === null ? 'no other process has it open' : `process ${holders.hasOpen} has it open`;
  return ok('holders', holders.writes === null ? open : `process ${holders.writes} writes to it`);
}

function checkPlace({ causes, freeBytes }: Surroundings): Check[] {
  const isFull = causes.some(({ code }) => code === 'disk-full');
  const disk: Check[] = isFull || freeBytes === null ? [] : [ok('disk', `${formatBytes(freeBytes)} free`)];
  return [
    ...disk,
    ...causes.map(({ code, sentence }): Check => {
      const [detail = sentence, next = ''] = sentence.split(/: (.*)/s);
      return { name: code, state: code === 'sync-folder' ? 'warning' : 'problem', detail, next };
    }),
  ];
}

function checkBackups({ backups, nowMs, files }: Surroundings): Check {
  if (!files.some(({ name }) => name === 'vault.db')) return ok('backups', 'not needed yet');
  if (backups === null)
    return {
      name: 'backups',
      state: 'warning',
      detail: 'the backup folder cannot be read',
      next: 'Look at `cairn config get backup.folder`.',
    };
  if (backups.newestAtMs === null)
    return { name: 'backups', state: 'warning', detail: 'there is no backup', next: 'Make one with `cairn backup`.' };
  const detail = `${countOf(backups.count, 'backup')}, the newest ${describeAge(backups.newestAtMs, nowMs)}`;
  if (nowMs - backups.newestAtMs <= BACKUP_OLD_AFTER_MS) return ok('backups', detail);
  return { name: 'backups', state: 'warning', detail, next: 'Make one with `cairn backup`.' };
}

function checkClock({ nowMs, files, backups }: Surroundings): Check {
  const latest = Math.max(backups?.newestAtMs ?? 0, ...files.map(({ modifiedAtMs }) => modifiedAtMs));
  if (latest - nowMs <= CLOCK_SLACK_MS) return ok('clock', 'agrees with the files');
  return {
    name: 'clock',
    state: 'problem',
    detail: 'files of the vault are from the future: the clock is behind',
    next: "Set the machine's clock; captures are filed under its time.",
  };
}

function checkSettings({ settings }: Surroundings): Check {
  if (settings.error === null) return ok('settings', `captured every ${settings.intervalMs / 1000} s`);
  return {
    name: 'settings',
    state: 'problem',
    detail: 'config.json cannot be read',
    next: 'See `cairn config list` for what is wrong with it.',
  };
}

function checkSources({ settings, sources }: Surroundings): Check {
  const missing = settings.enabled.filter((id) => sources.some((source) => source.id === id && !source.isPresent));
  if (settings.enabled.length === 0)
    return {
      name: 'sources',
      state: 'warning',
      detail: 'no source is on, so nothing is captured',
      next: 'Turn one on: `cairn config set sources.tmux on`.',
    };
  const detail = `${settings.enabled.length} on`;
  return ok('sources', missing.length === 0 ? detail : `${detail}, not here now: ${missing.join(', ')}`);
}
