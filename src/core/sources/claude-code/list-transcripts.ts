// Where transcripts lie: `<config>/projects/<folder>/<session id>.jsonl`. What is there and cannot be looked at is told apart from what
// is not there: only the latter was deleted.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import { assertRegularFile, whyUnreadable } from '../host/read-file.ts';

const SESSION_FILE = /^([0-9a-zA-Z-]{1,64})\.jsonl$/;

export interface Transcript {
  readonly path: string;
  readonly sessionId: string;
  readonly project: string;
  readonly mtimeMs: number;
}

/** One transcript, or all of a project where there is no session id. */
export interface UnreadableTranscripts {
  readonly project: string;
  readonly sessionId: string | null;
  /** Half a sentence. */
  readonly why: string;
}

export interface TranscriptList {
  /** Newest first. */
  readonly found: readonly Transcript[];
  readonly unreadable: readonly UnreadableTranscripts[];
}

/** Lists the transcripts; opens none. @throws AppError SOURCE_UNREADABLE where it cannot be told which there are */
export function listTranscripts(configDir: string): TranscriptList {
  const projects = join(configDir, 'projects');
  const found: Transcript[] = [];
  const unreadable: UnreadableTranscripts[] = [];
  for (const project of listProjects(projects)) {
    try {
      for (const name of readdirSync(join(projects, project))) {
        const sessionId = SESSION_FILE.exec(name)?.[1];
        if (sessionId === undefined) continue;
        const listed = readTranscript(join(projects, project, name), project, sessionId);
        if (listed !== null && 'why' in listed) unreadable.push(listed);
        else if (listed !== null) found.push(listed);
      }
    } catch (error) {
      if (!isGone(error)) unreadable.push({ project, sessionId: null, why: whyUnreadable(error) });
    }
  }
  return { found: found.toSorted((a, b) => b.mtimeMs - a.mtimeMs), unreadable };
}

function readTranscript(path: string, project: string, sessionId: string): Transcript | UnreadableTranscripts | null {
  try {
    const stats = statSync(path);
    assertRegularFile(stats);
    return { path, sessionId, project, mtimeMs: stats.mtimeMs };
  } catch (error) {
    return isGone(error) ? null : { project, sessionId, why: whyUnreadable(error) };
  }
}

function listProjects(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []; // it has not run here
    const why = whyUnreadable(error);
    throw new AppError('SOURCE_UNREADABLE', `The conversations of Claude Code cannot be read: ${why}.`);
  }
}

/** Removed since it was listed, or never a folder. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
