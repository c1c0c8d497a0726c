// The contract that every source fulfils. A source reads one kind of program and, where it can, brings it back. It never
// changes the program's state while it reads, never reads environment variables into an item, and answers within its deadline.

import type { Preview } from '../../shared/contract/schemas.ts';
import type { ItemKey, SnapshotId, SourceId } from '../../shared/model/ids.ts';
import type { CapturedItem, ItemKind, KnownStream, SnapshotItem, StoredStream } from '../../shared/model/item.ts';
import type { JsonValue } from '../../shared/model/json.ts';
import type { PlannedStep, StepResult } from '../../shared/model/restore.ts';
import type { GapReason } from '../../shared/model/snapshot.ts';
import type { ReadConversation } from './conversation/message.ts';
import type { ProcessLook } from './host/proc.ts';
import type { RunProgram } from './host/run-program.ts';

/** The machine as a source sees it. Tests point it at a folder and processes of their own. */
export interface Host {
  readonly platform: NodeJS.Platform;
  readonly homeDir: string;
  readonly uid: number;
  /** The environment that locates programs' files (HOME, TMUX_TMPDIR, XDG_*, CLAUDE_CONFIG_DIR ...). Never stored. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `/proc`, or what a test puts in its place. */
  readonly procDir: string;
  /** In a capture: the processes as it found them. Without one they are read anew. */
  readonly look?: ProcessLook;
  readonly run: RunProgram;
}

/** An item of this source as the newest snapshot holds it. */
export type PreviousItem = Pick<SnapshotItem, 'key' | 'kind' | 'group' | 'title' | 'attributes' | 'stale'> & {
  readonly streams: readonly Pick<StoredStream, 'name' | 'kind'>[];
};

export interface CaptureContext {
  readonly host: Host;
  /** Aborted at the deadline (5 s) and at shutdown. A source stops reading then; what it returns late is dropped. */
  readonly signal: AbortSignal;
  readonly nowMs: number;
  /** The most bytes of stream content that the source may hand over in this capture. */
  readonly maxBytes: number;
  /** The stream as last committed in this run; undefined means: hand over the whole content. */
  known(key: ItemKey, stream: string): KnownStream | undefined;
  /** This source's items in the newest snapshot. */
  readonly previous: readonly PreviousItem[];
  /** Absolute folders and files that the other sources' items point into; filled for sources with `readsPaths`. */
  readonly pointedPaths: readonly string[];
  /** The user's exclusion rules, so that what they cover is not even read. The collector applies them again to the result. */
  readonly excludes: { path(path: string): boolean; url(url: string): boolean; command(commandLine: string): boolean };
  /** Takes well-known secrets out of a text; the text itself where the user turned that off. For texts that streams hold encoded. */
  redact(text: string): string;
}

/**
 * Something that could not be read, said instead of hidden. With a `key`, that item's last good state is carried forward; with a
 * `group`, those of all items of the group that were not read.
 */
export interface SourceProblem {
  readonly reason: GapReason;
  /** A sentence for people; sealed with the snapshot. */
  readonly message: string;
  readonly key?: ItemKey;
  readonly group?: string;
}

export interface SourceCapture {
  readonly items: readonly CapturedItem[];
  readonly problems: readonly SourceProblem[];
  /**
   * Items of the newest snapshot that the source positively knows to be gone on purpose. Without this, a group of items
   * (see `CapturedItem.group`) of which nothing is left counts as lost and is carried forward.
   */
  readonly closed: readonly ItemKey[];
}

/** Tells a source's user how to watch; `onChange` may be called as often as changes come, the scheduler debounces. */
export interface WatchContext {
  readonly host: Host;
  readonly signal: AbortSignal;
  onChange(): void;
}

/** What `detect` found, in a sentence for the first run: "2 servers, 5 sessions". */
export interface SourceDetection {
  readonly isPresent: boolean;
  readonly summary: string;
}

export interface RestoreOptions {
  /** Run the captured commands instead of leaving them on the prompt. Off unless the user asked. */
  readonly shouldRunCommands: boolean;
  /** Apply uncommitted git work to the work tree (only where the patch applies cleanly). */
  readonly shouldApplyGit: boolean;
  /** Restore git work into a new worktree in this folder instead of a branch only. */
  readonly worktreeDir: string | null;
  /** Open `file:` URLs too. */
  readonly allowsFileUrls: boolean;
  /** Bring old terminal text back above a dated divider. */
  readonly withScrollback: boolean;
}

export interface RestoreContext {
  readonly host: Host;
  readonly signal: AbortSignal;
  readonly nowMs: number;
  readonly snapshot: { readonly id: SnapshotId; readonly takenAtMs: number };
  readonly options: RestoreOptions;
  /** The items of all sources that are open now, from the capture taken just before. */
  readonly present: readonly SnapshotItem[];
  /** All items of the restore, of every source: those that the user selected. */
  readonly selected: readonly SnapshotItem[];
  /**
   * Reads a stream of the snapshot, whole, or from a byte on at most so many bytes of it.
   * @throws AppError VAULT_DAMAGED where it does not authenticate
   */
  readStream(key: ItemKey, stream: string, fromByte?: number, maxBytes?: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * For a terminal item that is restored: the command of the conversation that ran in it and is selected too (its exact resume
   * command), or the one that opens the documents that stood in it. The terminal's source puts it on the prompt in place of the
   * captured command. No words mean that nothing may be typed: the conversation runs elsewhere now, and a second process would split it.
   */
  resumeCommandFor(terminal: ItemKey): ResumeCommand | undefined;
  /** Opens a terminal for a command; undefined where no terminal can be driven (then the command is printed). */
  readonly openTerminal: OpenTerminal | undefined;
  /** A folder (0700) of this process for files that a started program must read once; removed when the restore ends. */
  readonly scratchDir: string;
}

/** A command and the folder it belongs in. `argv` is quoted by whoever types it. */
export interface ResumeCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
}

/** Opens a new terminal window in `cwd` with the command on its prompt, run only if `shouldRun`. */
export type OpenTerminal = (request: {
  readonly name: string;
  readonly command: ResumeCommand;
  readonly shouldRun: boolean;
}) => Promise<{ readonly where: string; readonly undo: JsonValue }>;

export interface PreviewContext {
  /** Reads one of the item's streams whole. @throws AppError VAULT_DAMAGED */
  readStream(stream: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Conversations come in windows: the position of the first message wanted; undefined means the newest `limit` messages. */
  readonly firstIndex?: number;
  /** Messages in a window. */
  readonly limit: number;
  /** The newest lines of a terminal that are wanted; undefined means as many as are ever shown. */
  readonly lines?: number;
}

export interface Source {
  readonly id: SourceId;
  /** How a person calls it: `tmux`, `Claude Code`. */
  readonly title: string;
  readonly kinds: readonly ItemKind[];
  /** True where `capture` needs `pointedPaths`: such sources run after all others. */
  readonly readsPaths: boolean;
  /** Looks, cheaply and without reading content, whether there is anything to capture here. */
  detect(host: Host): Promise<SourceDetection>;
  /** Reads everything once. Throws only when nothing at all could be read. */
  capture(context: CaptureContext): Promise<SourceCapture>;
  /** Lets go of what the source itself still holds of a time that was forgotten, so that it is not captured after that. */
  forget?(times: ForgottenTimes): void;
  /** Signals changes early, so that they are safe within 3 s. Resolves once it watches; ends with the signal. */
  watch?(context: WatchContext): Promise<void>;
  /** The exact command that brings a conversation back, where the source has such items. */
  resumeCommand?(item: SnapshotItem): ResumeCommand | undefined;
  /** True where a process has the conversation open now: then nothing may resume it. */
  isRunning?(item: SnapshotItem, host: Host): boolean;
  /**
   * A conversation as messages, from its streams, where the source has such items. Total like `preview`.
   * @throws AppError VAULT_DAMAGED from `readStream` alone
   */
  readConversation?(item: SnapshotItem, streams: Pick<PreviewContext, 'readStream'>): Promise<ReadConversation>;
  /** The command that opens documents of this source in the terminal where they stood; undefined where the captured one says more. */
  openCommand?(documents: readonly SnapshotItem[], terminal: SnapshotItem): ResumeCommand | undefined;
  /** What an item looked like, ready to be shown. Total: streams that are missing or senseless give less, never an error of their own. */
  preview?(item: SnapshotItem, context: PreviewContext): Promise<Preview>;
  /** Plans the steps for this source's selected items: pure but for looking at what is there now. At least one step an item. */
  planRestore(items: readonly SnapshotItem[], context: RestoreContext): Promise<readonly PlannedStep[]>;
  /**
   * Carries the planned steps out, in order, yielding each result as it comes. Never throws for one step: that step failed. Once the
   * context's signal is aborted it begins nothing more, and still yields what it has made: only what was told can be undone.
   */
  applyRestore(steps: readonly PlannedStep[], context: RestoreContext): AsyncIterable<StepResult>;
  /** Takes back one result's `undo`. Removes only what the restore made and what nobody has touched since. */
  undoRestore(result: StepResult, context: UndoContext): Promise<StepResult>;
}

/** From when to when, both included. */
export interface ForgottenTimes {
  readonly sinceMs: number;
  readonly untilMs: number;
}

export interface UndoContext {
  readonly host: Host;
  readonly signal: AbortSignal;
  readonly nowMs: number;
  /** Reads a stream of the snapshot that was taken just before the restore. */
  readBefore(key: ItemKey, stream: string): Promise<Uint8Array<ArrayBuffer>>;
}
