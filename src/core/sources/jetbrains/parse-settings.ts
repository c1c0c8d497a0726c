// What JetBrains' IDEs write of projects and open files. Total: anything gives what can be understood of it.

import { isAbsolute, normalize } from 'node:path';

import { findElements, parseXml, type XmlElement } from './parse-xml.ts';

const MAX_FILES = 2_000;

export interface OpenProject {
  readonly path: string;
  /** Names its file in the folder `workspace`; null where it has none. */
  readonly workspaceId: string | null;
}

/** Projects that are open, or open again at the next start, of `recentProjects.xml`; null where that is none. */
export function parseProjects(xml: string, homeDir: string): OpenProject[] | null {
  const root = parseXml(xml);
  if (root === null) return null;
  return findElements(root, 'entry').flatMap((entry) => {
    const [info] = findElements(entry, 'RecentProjectMetaInfo');
    const path = expandPath(entry.attributes.get('key') ?? '', { USER_HOME: homeDir });
    if (info?.attributes.get('opened') !== 'true' || path === null) return [];
    const id = info.attributes.get('projectWorkspaceId') ?? '';
    return [{ path, workspaceId: /^[0-9A-Za-z]{1,80}$/.test(id) ? id : null }];
  });
}

export interface OpenFile {
  readonly path: string;
  /** From 1. */
  readonly line: number | null;
  readonly column: number | null;
  readonly isPinned: boolean;
  /** In front in its part of the window. */
  readonly isShown: boolean;
  /** Its part of the window, from 1. */
  readonly split: number;
}

/** The open files of a workspace file; null where that is none. */
export function parseOpenFiles(xml: string, projectDir: string, homeDir: string): OpenFile[] | null {
  const root = parseXml(xml);
  if (root === null) return null;
  const manager = findElements(root, 'component').find(
    ({ attributes }) => attributes.get('name') === 'FileEditorManager',
  );
  if (manager === undefined) return [];
  const macros = { PROJECT_DIR: projectDir, USER_HOME: homeDir };
  return findElements(manager, 'leaf')
    .flatMap((leaf, index) =>
      leaf.children.filter(({ name }) => name === 'file').flatMap((file) => toFile(file, index + 1, macros) ?? []),
    )
    .slice(0, MAX_FILES);
}

function toFile(file: XmlElement, split: number, macros: Readonly<Record<string, string>>): OpenFile | null {
  const entry = file.children.find(({ name }) => name === 'entry');
  const url = entry?.attributes.get('file') ?? '';
  // Other addresses are files within archives.
  const path = url.startsWith('file://') ? expandPath(url.slice('file://'.length), macros) : null;
  if (entry === undefined || path === null) return null;
  const [caret] = findElements(entry, 'caret');
  return {
    path,
    line: fromZero(caret?.attributes.get('line')),
    column: fromZero(caret?.attributes.get('column')),
    isPinned: file.attributes.get('pinned') === 'true',
    isShown: file.attributes.get('current-in-tab') === 'true',
    split,
  };
}

/** Positions are counted from 0, and 0 is often left out. */
function fromZero(text: string | undefined): number | null {
  if (text === undefined) return null;
  return /^\d{1,8}$/.test(text) ? Number(text) + 1 : null;
}

/** Puts the folders in for their names; null where one is not known or the path leads nowhere. */
function expandPath(text: string, macros: Readonly<Record<string, string>>): string | null {
  const path = text.replace(/^\$([A-Z_]+)\$/, (whole, name: string) =>
    Object.hasOwn(macros, name) ? (macros[name] ?? whole) : whole,
  );
  return isAbsolute(path) && !path.includes('\0') ? normalize(path).replace(/(?<=.)\/$/, '') : null;
}
