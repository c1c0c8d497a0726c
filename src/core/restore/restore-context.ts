// What sources get to see of a restore: the snapshot's streams, what is open now, who puts which command where.

import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ItemKey, SnapshotId } from '../../shared/model/ids.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import type { Host, OpenTerminal, RestoreContext, RestoreOptions, ResumeCommand, Source } from '../sources/source.ts';
import type { Vault } from '../vault/vault.ts';

export interface RestoreContextInput {
  readonly vault: Pick<Vault, 'readStream'>;
  readonly host: Host;
  readonly sources: readonly Source[];
  readonly snapshot: { readonly id: SnapshotId; readonly takenAtMs: number };
  readonly selected: readonly SnapshotItem[];
  readonly present: readonly SnapshotItem[];
  readonly options: RestoreOptions;
  readonly openTerminal: OpenTerminal | undefined;
  readonly scratchDir: string;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

export function createRestoreContext(input: RestoreContextInput): RestoreContext {
  const { vault, snapshot, selected } = input;
  const resumes = resumeCommands(input);
  return {
    host: input.host,
    signal: input.signal,
    nowMs: input.nowMs,
    snapshot,
    options: input.options,
    present: input.present,
    selected,
    readStream: (key, stream) => vault.readStream(snapshot.id, key, stream),
    resumeCommandFor: (terminal) => resumes.get(terminal),
    openTerminal: input.openTerminal,
    scratchDir: input.scratchDir,
  };
}

/** A private folder for files that a started program reads once; in memory where there is such a place. */
export function makeScratchFolder(): { readonly path: string; isEmpty(): boolean; remove(): void } {
  const path = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'cairn-restore-'));
  chmodSync(path, 0o700);
  return {
    path,
    isEmpty: () => readdirSync(path).length === 0,
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** For each terminal: the resume command of the conversation that ran in it, where both are restored. */
function resumeCommands({ sources, selected }: RestoreContextInput): Map<ItemKey, ResumeCommand> {
  const terminals = new Map<string, ItemKey>(
    selected.filter((item) => item.kind === 'terminal').map((item) => [item.key, item.key]),
  );
  const commands = new Map<ItemKey, ResumeCommand>();
  for (const item of selected) {
    const { terminal } = item.attributes;
    const key = item.kind === 'conversation' && typeof terminal === 'string' ? terminals.get(terminal) : undefined;
    const command =
      key === undefined ? undefined : sources.find((source) => source.id === item.source)?.resumeCommand?.(item);
    if (key !== undefined && command !== undefined) commands.set(key, command);
  }
  return commands;
}
