// The source of JetBrains' IDEs: open projects and files with their carets, as the IDE writes them when it loses the focus, saves or ends.
// They save by themselves, so there is no unsaved text. Their settings are never written.

import { statSync } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import { parseSourceId } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import { documentKey, toDocumentItem } from '../documents/document.ts';
import { previewDocument } from '../documents/preview.ts';
import { realFolderFact } from '../documents/real-folder.ts';
import {
  applyDocuments,
  planDocuments,
  undoDocument,
  type DocumentEditor,
  type OpenTarget,
} from '../documents/restore-documents.ts';
import { folderOf, inParts, runScreenEditor, whyNoScreenEditor } from '../documents/screen-editor.ts';
import { readRegularFile, whyUnreadable } from '../host/read-file.ts';
import type { CaptureContext, Host, Source, SourceCapture, SourceDetection, SourceProblem } from '../source.ts';
import { findIdes, isIdeRunning, productOf, type Ide } from './jetbrains-products.ts';
import { parseOpenFiles, parseProjects, type OpenFile, type OpenProject } from './parse-settings.ts';

const JETBRAINS = parseSourceId('jetbrains');
const TITLE = 'JetBrains IDEs';
const MAX_FILE_BYTES = 32 * 1024 * 1024;
const MAX_PROJECTS = 100;

/** What was read of a workspace file, while it stays the same. */
type FileMemory = Map<string, { readonly stamp: string; readonly files: readonly OpenFile[] }>;

export function createJetBrainsSource(): Source {
  const memory: FileMemory = new Map();
  return {
    id: JETBRAINS,
    title: TITLE,
    kinds: ['document'],
    readsPaths: false,
    detect: async (host) => detect(host),
    capture: async (context) => capture(context, memory),
    preview: previewDocument,
    planRestore: (items, context) => planDocuments(EDITOR, items, context),
    applyRestore: (steps, context) => applyDocuments(EDITOR, steps, context),
    undoRestore: undoDocument,
  };
}

function detect(host: Host): SourceDetection {
  const ides = findIdes(host);
  return ides.length === 0
    ? { isPresent: false, summary: 'no IDE found' }
    : { isPresent: true, summary: ides.map(({ title }) => title).join(', ') };
}

function capture(context: CaptureContext, memory: FileMemory): SourceCapture {
  const ides = findIdes(context.host);
  const readings = ides.map((ide) => readIde(context, memory, ide));
  const items = new Map<string, CapturedItem>();
  for (const item of readings.flatMap((reading) => reading.items)) items.set(item.key, items.get(item.key) ?? item);
  const problems = readings.flatMap((reading) => reading.problems);
  const troubled = new Set(problems.map(({ group }) => group));
  // The settings say what is open: what they no longer name was closed. Where they are gone, nothing is known.
  const isKnown = ides.length > 0 && !troubled.has(undefined);
  const closed = context.previous.filter(({ key, group }) => isKnown && !items.has(key) && !troubled.has(group));
  return { items: [...items.values()], problems, closed: closed.map(({ key }) => key) };
}

interface Reading {
  readonly items: readonly CapturedItem[];
  readonly problems: readonly SourceProblem[];
}

function readIde(context: CaptureContext, memory: FileMemory, ide: Ide): Reading {
  context.signal.throwIfAborted();
  const { host, excludes } = context;
  let projects: readonly OpenProject[];
  try {
    projects = wellFormed(parseProjects(readText(ide.projectList), host.homeDir));
  } catch (error) {
    return { items: [], problems: unreadProjects(context, ide, whyUnreadable(error)) };
  }
  const isRunning = projects.length > 0 && isIdeRunning(host, ide);
  const readings = projects
    .slice(0, MAX_PROJECTS)
    .filter(({ path }) => !excludes.path(path))
    .map((project) => readProject(context, memory, { ide, project, isRunning }));
  return {
    items: readings.flatMap(({ items }) => items),
    problems: readings.flatMap(({ problems }) => problems),
  };
}

/** One for each project that was known, so that all are kept. */
function unreadProjects({ previous }: CaptureContext, ide: Ide, why: string): SourceProblem[] {
  const message = `The projects of ${ide.title} cannot be read: ${why}.`;
  const groups = new Set(previous.map(({ group }) => group).filter((group) => group.startsWith(groupOf(ide, ''))));
  if (groups.size === 0) return [{ reason: 'unreadable', message }];
  return [...groups].map((group) => ({ reason: 'unreadable', message, group }));
}

interface ProjectReading {
  readonly ide: Ide;
  readonly project: OpenProject;
  readonly isRunning: boolean;
}

function readProject(context: CaptureContext, memory: FileMemory, reading: ProjectReading): Reading {
  const { ide, project, isRunning } = reading;
  const group = groupOf(ide, project.path);
  try {
    const files = readOpenFiles(context.host, memory, reading).filter(({ path }) => !context.excludes.path(path));
    const items = files.map((file) =>
      toDocumentItem(documentKey(JETBRAINS, file.path), {
        source: JETBRAINS,
        group,
        editor: ide.title,
        path: file.path,
        name: '',
        isModified: false,
        facts: {
          ...(file.line === null ? {} : { line: file.line }),
          ...(file.column === null ? {} : { column: file.column }),
          isShown: file.isShown,
          isActive: file.isShown && file.split === 1,
          isPinned: file.isPinned,
          split: file.split,
          isRunning,
          cwd: project.path,
          ide: ide.name,
          ...realFolderFact(file.path),
        },
      }),
    );
    return { items, problems: [] };
  } catch (error) {
    const message = `The files open in ${ide.title}, project ${project.path}, cannot be read: ${whyUnreadable(error)}.`;
    return { items: [], problems: [{ reason: 'unreadable', message, group }] };
  }
}

/** Of the file that has the editors: since 2020 in the settings, before that in the project. */
function readOpenFiles(host: Host, memory: FileMemory, { ide, project }: ProjectReading): readonly OpenFile[] {
  const own = project.workspaceId === null ? [] : [join(ide.folder, 'workspace', `${project.workspaceId}.xml`)];
  for (const path of [...own, join(project.path, '.idea/workspace.xml')]) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    const stamp = `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
    const known = memory.get(path);
    if (known?.stamp === stamp) return known.files;
    const files = wellFormed(parseOpenFiles(readText(path), project.path, host.homeDir));
    memory.set(path, { stamp, files });
    return files;
  }
  return [];
}

function wellFormed<Parsed>(parsed: Parsed | null): Parsed {
  if (parsed === null) throw new AppError('SOURCE_UNREADABLE', 'it is not well formed');
  return parsed;
}

function readText(path: string): string {
  return readRegularFile(path, MAX_FILE_BYTES).toString('utf8');
}

/** Begins with the name of the settings' folder, which tells the program. */
function groupOf(ide: Pick<Ide, 'name'>, project: string): string {
  return `${ide.name}: ${project}`;
}

const EDITOR: DocumentEditor = {
  source: JETBRAINS,
  opensAtColumn: false,
  planOpening: (targets, items, { host }) => {
    const product = productOf(nameIn(items[0]?.group ?? ''));
    const title = product?.title ?? 'The IDE';
    const why = whyNoScreenEditor(host, title, product?.programs ?? []);
    if (why !== null) return { kind: 'leave', why };
    const project = folderOf(targets);
    return { kind: 'open', where: project === null ? `in ${title}` : `in ${title}, in the project ${project}` };
  },
  open: async (targets, group, context) => {
    await runScreenEditor(context, productOf(nameIn(group))?.programs ?? [], ideCalls(targets));
    return '';
  },
};

/** The words of the calls that open these files in their project. A project that is open already comes to the front. */
export function ideCalls(targets: readonly OpenTarget[]): string[][] {
  const project = folderOf(targets);
  return inParts(targets).map((part) => [
    ...(project === null ? [] : [project]),
    ...part.flatMap(({ path, line }) => (line === undefined ? [path] : ['--line', String(line), path])),
  ]);
}

function nameIn(group: string): string {
  return group.slice(0, Math.max(0, group.indexOf(': ')));
}
