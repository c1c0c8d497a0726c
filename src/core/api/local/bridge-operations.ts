// The operations of the open vault that a running app does for the command line.

import type { Vault } from '../../vault/vault.ts';

/** Reads, names and upkeep; nothing that makes or changes a key, and no save. */
export const BRIDGE_OPERATIONS = [
  'listSnapshots',
  'resolveSnapshot',
  'readSnapshot',
  'readStream',
  'readIntact',
  'exportStream',
  'density',
  'changes',
  'explainKept',
  'search',
  'listTexts',
  'placesOf',
  'fingerprints',
  'createCheckpoint',
  'editCheckpoint',
  'deleteCheckpoints',
  'listCheckpoints',
  'readSetting',
  'writeSetting',
  'listSessions',
  'findSession',
  'saveSession',
  'readMessages',
  'searchSessions',
  'removeSessions',
  'statistics',
  'health',
  'keys',
] as const satisfies readonly (keyof Vault)[];
export type BridgeOperation = (typeof BRIDGE_OPERATIONS)[number];
/** The same for work that takes long: its options travel without signal and callback. */
export const LONG_BRIDGE_OPERATIONS = [
  'prune',
  'verify',
  'heal',
  'backup',
  'forget',
  'redact',
] as const satisfies readonly (keyof Vault)[];
export type LongBridgeOperation = (typeof LONG_BRIDGE_OPERATIONS)[number];
