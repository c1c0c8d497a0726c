// Brings documents back, of any editor: unsaved text as a recovered copy beside its file, files opened where their editor can be told
// to. What is open already stays as it is. Each editor says how it opens files.

import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';

import { z } from 'zod';

import type { SourceId } from '../../../shared/model/ids.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import type { PlannedStep, StepResult } from '../../../shared/model/restore.ts';
import type { RestoreContext } from '../source.ts';
import { documentFactsSchema, TEXT, type DocumentFacts } from './document.ts';
import { copySchema, planCopy, removeCopy, writeCopy, writtenCopySchema, type CopyPlan } from './recovered-copy.ts';

/** A file to open. `path` is absolute, and a regular file at planning. */
export const openTargetSchema = z.object({
  path: z.string(),
  line: z.int().optional(),
  column: z.int().optional(),
  isActive: z.boolean(),
  cwd: z.string().optional(),
  windows: documentFactsSchema.shape.windows,
});
export type OpenTarget = z.infer<typeof openTargetSchema>;

/** What becomes of the files that were open together. */
export type Opening =
  /** They are opened; the text says where, after "opened ". */
  | { readonly kind: 'open'; readonly where: string }
  /** The source of its terminal puts a command on the prompt: how, as a sentence. */
  | { readonly kind: 'typed'; readonly how: string }
  /** Something else brings them back, or nothing does: why, as a sentence. */
  | { readonly kind: 'leave'; readonly why: string };

/** What differs from editor to editor. */
export interface DocumentEditor {
  readonly source: SourceId;
  /** False where only the line can be told to it. */
  readonly opensAtColumn: boolean;
  /** Plans the opening of files that stood in one instance or window; `items` are all that stood there. */
  planOpening(targets: readonly OpenTarget[], items: readonly SnapshotItem[], context: RestoreContext): Opening;
  /** Opens them, as planned, and tells where. @throws Error with why it did not work */
  open(targets: readonly OpenTarget[], group: string, context: RestoreContext): Promise<string>;
}

const payloadSchema = z.object({
  group: z.string(),
  copy: copySchema.nullable(),
  target: openTargetSchema.nullable(),
  /** Opens the copy: there is no file. */
  opensCopy: z.boolean(),
  /** Nothing is to be opened: its terminal does that. */
  isTyped: z.boolean(),
});
type Payload = z.infer<typeof payloadSchema>;

const undoSchema = z.object({ copy: writtenCopySchema });

/** A copy to write, or none: an editor keeps the very text itself. */
type Copy = CopyPlan | { readonly kind: 'kept'; readonly editor: string };

interface Candidate {
  readonly item: SnapshotItem;
  readonly facts: DocumentFacts;
  readonly copy: Copy;
  readonly target: OpenTarget | null;
  /** Why it is not opened, as a sentence; empty where it is. */
  readonly whyNot: string;
}

/** One step a document. */
export async function planDocuments(
  editor: DocumentEditor,
  items: readonly SnapshotItem[],
  context: RestoreContext,
): Promise<readonly PlannedStep[]> {
  const present = findPresent(context);
  const steps: PlannedStep[] = [];
  const candidates: Candidate[] = [];
  for (const item of items) {
    context.signal.throwIfAborted();
    const candidate = await examine(item, present, context);
    if (typeof candidate === 'string') steps.push(toStep(editor, item, candidate, null));
    else candidates.push(candidate);
  }
  for (const group of Map.groupBy(candidates, ({ item }) => item.group).values()) {
    const targets = group.flatMap(({ target }) => target ?? []);
    const members = group.map(({ item }) => item);
    const opening: Opening =
      targets.length === 0 ? { kind: 'leave', why: '' } : editor.planOpening(targets, members, context);
    for (const candidate of group) steps.push(planOne(editor, candidate, opening));
  }
  return steps;
}

async function examine(
  item: SnapshotItem,
  present: ReadonlyMap<string, readonly DocumentFacts[]>,
  context: RestoreContext,
): Promise<Candidate | string> {
  const parsed = documentFactsSchema.safeParse(item.attributes);
  if (!parsed.success) return 'This file was captured without what is needed to open it.';
  const facts = parsed.data;
  const alike = present.get(facts.path ?? item.key) ?? [];
  const now = alike.find(({ isRunning, isRecoverable }) => isRunning && !isRecoverable);
  if (now !== undefined && (facts.textId === undefined || now.textId === facts.textId)) {
    return `It is open already, in ${now.editor}.`;
  }
  const kept = alike.find(({ isKept, textId }) => isKept && textId === facts.textId);
  let copy: Copy;
  try {
    copy = kept === undefined ? await planCopy(item, facts, context) : { kind: 'kept', editor: kept.editor };
  } catch (error) {
    return `Its unsaved text cannot be written: ${reasonOf(error)}`;
  }
  if (now !== undefined) return { item, facts, copy, target: null, whyNot: `It is open already, in ${now.editor}.` };
  return { item, facts, copy, ...targetOf(facts, copy) };
}

function targetOf(facts: DocumentFacts, copy: Copy): Pick<Candidate, 'target' | 'whyNot'> {
  const { line, column, isActive, cwd, windows } = facts;
  const place = { isActive, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
  const rest = { ...place, ...(cwd === undefined ? {} : { cwd }), ...(windows === undefined ? {} : { windows }) };
  if (facts.path !== undefined && isFile(facts.path)) return { target: { path: facts.path, ...rest }, whyNot: '' };
  if (copy.kind === 'write') return { target: { path: copy.copy.path, ...rest }, whyNot: '' };
  if (copy.kind === 'there') return { target: { path: copy.where, ...rest }, whyNot: '' };
  if (copy.kind === 'kept' && facts.path === undefined) return { target: null, whyNot: '' };
  const whyNot = facts.isRemote
    ? 'It lies on another machine; open it there.'
    : facts.path === undefined
      ? 'It had no file and no text.'
      : `${facts.path} is not there any more.`;
  return { target: null, whyNot };
}

function planOne(editor: DocumentEditor, candidate: Candidate, opening: Opening): PlannedStep {
  const { item, facts, copy, target } = candidate;
  const opens = target !== null && opening.kind === 'open';
  const isTyped = target !== null && opening.kind === 'typed';
  const sentences = [openSentence(editor, candidate, opening), copySentence(facts, copy)];
  const detail = sentences.filter((sentence) => sentence !== '').join(' ');
  if (!opens && !isTyped && copy.kind !== 'write') return toStep(editor, item, detail, null);
  return toStep(editor, item, detail, {
    group: item.group,
    copy: copy.kind === 'write' ? copy.copy : null,
    target: opens ? target : null,
    opensCopy: opens && copy.kind === 'write' && target.path === copy.copy.path,
    isTyped,
  });
}

function openSentence(editor: DocumentEditor, { target, facts, whyNot }: Candidate, opening: Opening): string {
  if (target === null) return whyNot;
  switch (opening.kind) {
    case 'open':
      return `${place(editor, facts, target.path)}, opened ${opening.where}.`;
    case 'typed':
      return opening.how;
    case 'leave':
      return opening.why;
  }
}

function place({ opensAtColumn }: DocumentEditor, { line, column = 1 }: DocumentFacts, path: string): string {
  if (line === undefined) return path;
  return `${path} at line ${line}${opensAtColumn && column > 1 ? `, column ${column}` : ''}`;
}

function copySentence(facts: DocumentFacts, copy: Copy): string {
  const cut = facts.unsaved === 'cut' ? ', which is its beginning only,' : '';
  switch (copy.kind) {
    case 'write':
      return `Its unsaved text${cut} is written to ${copy.copy.path}${facts.encoding === undefined ? '' : ` (UTF-8; the file is ${facts.encoding})`}.`;
    case 'there':
      return copy.where === facts.path
        ? 'Its text was saved since.'
        : `Its unsaved text${cut} lies in ${copy.where} already.`;
    case 'kept':
      return `${copy.editor} keeps its unsaved text and shows it when it starts.`;
    case 'none':
      return facts.unsaved === 'unreadable' ? 'Its unsaved text could not be read when it was captured.' : '';
  }
}

/** Writes the copies, then opens the files of each group together. */
export async function* applyDocuments(
  editor: DocumentEditor,
  steps: readonly PlannedStep[],
  context: RestoreContext,
): AsyncIterable<StepResult> {
  const planned = steps.flatMap((step) => {
    const payload = step.status === 'planned' ? payloadSchema.safeParse(step.payload).data : undefined;
    return payload === undefined ? [] : [{ step, payload }];
  });
  for (const [group, members] of Map.groupBy(planned, ({ payload }) => payload.group)) {
    if (context.signal.aborted) return;
    const written = await Promise.all(members.map((member) => writeOne(member, context)));
    const targets = written.flatMap(({ payload, failure }) => {
      const isMissing = failure !== null && payload.opensCopy;
      return payload.target === null || isMissing ? [] : [payload.target];
    });
    let where = '';
    let failure: string | null = null;
    try {
      if (targets.length > 0) where = await editor.open(targets, group, context);
    } catch (error) {
      failure = reasonOf(error);
    }
    for (const one of written) yield toResult(one, where, failure);
  }
}

interface Written {
  readonly step: PlannedStep;
  readonly payload: Payload;
  readonly undo: JsonObject | null;
  readonly failure: string | null;
}

async function writeOne(
  { step, payload }: { readonly step: PlannedStep; readonly payload: Payload },
  context: RestoreContext,
): Promise<Written> {
  if (payload.copy === null) return { step, payload, undo: null, failure: null };
  try {
    const copy = writeCopy(payload.copy, await context.readStream(step.key, TEXT));
    return { step, payload, undo: { copy: { ...copy } }, failure: null };
  } catch (error) {
    return { step, payload, undo: null, failure: reasonOf(error) };
  }
}

function toResult({ step, payload, undo, failure }: Written, where: string, openFailure: string | null): StepResult {
  const base = { key: step.key, action: step.action };
  if (failure !== null) {
    return { ...base, status: 'failed', detail: `Its unsaved text could not be written: ${failure}` };
  }
  const isOpened = payload.target !== null && openFailure === null;
  const detail = isOpened && where !== '' ? `${step.detail} It is in ${where}.` : step.detail;
  // What was written can be undone only if it is said to be done.
  if (undo !== null) {
    const more = payload.target !== null && openFailure !== null ? ` It could not be opened: ${openFailure}` : '';
    return { ...base, status: 'done', detail: `${detail}${more}`, undo };
  }
  if (!isOpened && !payload.isTyped)
    return { ...base, status: 'failed', detail: `It could not be opened: ${openFailure ?? 'unknown reason'}` };
  return { ...base, status: 'done', detail, undo: null };
}

/** Removes the recovered copy, if nobody has touched it. What was opened stays open: nothing that runs is closed. */
export async function undoDocument(result: StepResult): Promise<StepResult> {
  const answer = (status: StepResult['status'], detail: string): StepResult => ({
    key: result.key,
    action: 'undo-document',
    status,
    detail,
  });
  const undo = undoSchema.safeParse(result.undo).data;
  if (undo === undefined)
    return answer('skipped', 'The restore wrote nothing here; close what it opened in the editor.');
  try {
    return removeCopy(undo.copy)
      ? answer('done', 'The recovered copy was removed.')
      : answer('skipped', 'The recovered copy was changed since, or is gone, so nothing was removed.');
  } catch (error) {
    return answer('failed', `The recovered copy could not be removed: ${reasonOf(error)}`);
  }
}

/** The documents of all editors as they are now, by path, else by key. */
function findPresent(context: RestoreContext): Map<string, DocumentFacts[]> {
  const present = new Map<string, DocumentFacts[]>();
  for (const item of context.present) {
    if (item.kind !== 'document' || item.stale) continue;
    const facts = documentFactsSchema.safeParse(item.attributes).data;
    if (facts === undefined) continue;
    const place = facts.path ?? item.key;
    present.set(place, [...(present.get(place) ?? []), facts]);
  }
  return present;
}

function toStep(editor: DocumentEditor, item: SnapshotItem, detail: string, payload: Payload | null): PlannedStep {
  return {
    key: item.key,
    source: editor.source,
    action: payload !== null && payload.target === null && !payload.isTyped ? 'write-copy' : 'open-document',
    status: payload === null ? 'skipped' : 'planned',
    detail,
    payload: payload === null ? null : JSON.parse(JSON.stringify(payload)),
  };
}

function isFile(path: string): boolean {
  return isAbsolute(path) && !path.includes('\0') && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason.';
  // Texts of the system name the whole path.
  return 'code' in error && 'syscall' in error ? `the system refused it (${String(error.code)}).` : error.message;
}
