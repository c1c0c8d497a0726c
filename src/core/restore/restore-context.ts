// What sources get to see of a restore: the snapshot's streams, what is open now, who puts which command where.

import { readdirSync, rmSync } from 'node:fs';

import type { ItemKey, SnapshotId } from '../../shared/model/ids.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import type { Host, OpenTerminal, RestoreContext, RestoreOptions, ResumeCommand, Source } from '../sources/source.ts';
import { makePrivateFolder, privateParents, removeLeftFolders } from '../sources/host/private-folder.ts';
import type { Vault } from '../vault/vault.ts';

export interface RestoreContextInput {
  readonly vault: Pick<Vault, 'readStream'>;
  readonly host: Host;
  readonly sources: readonly Source[];
  readonly snapshot: { readonly id: SnapshotId; readonly takenAtMs: number };
  readonly selected: readonly SnapshotItem[];
  /** All conversations of the snapshot, selected or not. */
  readonly conversations: readonly SnapshotItem[];
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
    readStream: (key, stream, fromByte, maxBytes) => vault.readStream(snapshot.id, key, stream, fromByte, maxBytes),
    resumeCommandFor: (terminal) => resumes.get(terminal),
    openTerminal: input.openTerminal,
    scratchDir: input.scratchDir,
  };
}

export interface ScratchFolder {
  readonly path: string;
  isEmpty(): boolean;
  remove(): void;
}

/** A private folder for files that a started program reads once; what killed restores left of theirs is removed first. */
export async function makeScratchFolder({ platform, uid }: Host): Promise<ScratchFolder> {
  const parents = privateParents(platform);
  await removeLeftFolders(parents, uid);
  const path = await makePrivateFolder(parents);
  return {
    path,
    isEmpty: () => readdirSync(path).length === 0,
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/**
 * For each terminal: the resume command of the conversation that ran in it, else the one that opens the documents that stood in it, where
 * both are restored. A conversation that runs elsewhere
 * keeps its words from every terminal, also where it is not restored itself: the terminal's own words might resume it as well.
 */
function resumeCommands({ sources, selected, conversations, host }: RestoreContextInput): Map<ItemKey, ResumeCommand> {
  const keys = new Set<string>(selected.map((item) => item.key));
  const terminals = new Map<string, ItemKey>(
    selected.filter((item) => item.kind === 'terminal').map((item) => [item.key, item.key]),
  );
  const commands = openCommands({ sources, selected });
  for (const item of conversations) {
    const { terminal } = item.attributes;
    const key = typeof terminal === 'string' ? terminals.get(terminal) : undefined;
    if (key === undefined) continue;
    const source = sources.find(({ id }) => id === item.source);
    const command = source?.resumeCommand?.(item);
    if (source?.isRunning?.(item, host) === true) commands.set(key, { argv: [], cwd: command?.cwd ?? host.homeDir });
    else if (command !== undefined && keys.has(item.key) && commands.get(key)?.argv.length !== 0)
      commands.set(key, command);
  }
  return commands;
}

function openCommands({
  sources,
  selected,
}: Pick<RestoreContextInput, 'sources' | 'selected'>): Map<ItemKey, ResumeCommand> {
  const commands = new Map<ItemKey, ResumeCommand>();
  const documents = Map.groupBy(
    selected.filter((item) => item.kind === 'document'),
    ({ attributes }) => attributes['terminal'],
  );
  for (const terminal of selected) {
    const [first, ...others] = terminal.kind === 'terminal' ? (documents.get(terminal.key) ?? []) : [];
    if (first === undefined) continue;
    // One editor runs in a terminal.
    const ofEditor = [first, ...others.filter(({ source }) => source === first.source)];
    const command = sources.find(({ id }) => id === first.source)?.openCommand?.(ofEditor, terminal);
    if (command !== undefined) commands.set(terminal.key, command);
  }
  return commands;
}
