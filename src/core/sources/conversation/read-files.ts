// The files of one conversation as streams, to the byte: only what is new of those that grow, the whole of those that are written anew.

import type { ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedStream } from '../../../shared/model/item.ts';
import { readAppendFile } from '../host/append-file.ts';
import { readBlobFile } from '../host/blob-file.ts';
import type { CaptureContext, PreviousItem, SourceProblem } from '../source.ts';
import { keptStreams } from './kept-item.ts';

export interface ConversationFile {
  /** The stream's name. */
  readonly stream: string;
  readonly path: string;
  /** `append` where the tool only adds at its end, `blob` where it writes the file anew. */
  readonly kind: 'append' | 'blob';
}

/** What one conversation is read with. */
export interface ReadingRoom {
  readonly context: CaptureContext;
  readonly key: ItemKey;
  readonly previous: PreviousItem | undefined;
  /** What may be handed over of it now. */
  readonly maxBytes: number;
}

export interface ReadStreams {
  readonly streams: readonly CapturedStream[];
  /** Bytes handed over now. */
  readonly readBytes: number;
  /** What of it is not stored yet, as a sentence; null where all is. */
  readonly missing: string | null;
  readonly problems: readonly SourceProblem[];
}

/**
 * Reads the files, the main one first. One of the others that cannot be read keeps what was saved of it.
 * @returns null where there is no room for the main one and nothing of it is stored
 * @throws NodeJS.ErrnoException, AppError SOURCE_UNREADABLE where the main one cannot be read
 */
export function readFiles(files: readonly ConversationFile[], room: ReadingRoom): ReadStreams | null {
  const streams: CapturedStream[] = [];
  const problems: SourceProblem[] = [];
  const bytes = { read: 0, stored: 0, inFiles: 0 };
  let waiting = 0;
  for (const [index, file] of files.entries()) {
    try {
      const part = readFile(file, room, room.maxBytes - bytes.read);
      if (part === null && index === 0) return null;
      if (part?.isCurrent !== true) waiting += 1;
      if (part === null) continue;
      streams.push(part.stream);
      bytes.read += part.readBytes;
      bytes.stored += part.storedBytes;
      bytes.inFiles += part.fileBytes;
    } catch (error) {
      if (index === 0) throw error;
      problems.push({
        reason: 'unreadable',
        message: 'A part of a conversation could not be read: what was saved of it stays.',
      });
    }
  }
  streams.push(...keptStreams(room.context, room.key, room.previous, streams));
  const missing =
    bytes.stored < bytes.inFiles
      ? `A long conversation is being taken in: ${bytes.stored} of ${bytes.inFiles} bytes so far.`
      : waiting > 0
        ? 'A conversation has changed and is taken in at the next captures.'
        : null;
  return { streams, readBytes: bytes.read, missing, problems };
}

interface ReadPart {
  readonly stream: CapturedStream;
  readonly readBytes: number;
  readonly storedBytes: number;
  readonly fileBytes: number;
  readonly isCurrent: boolean;
}

function readFile(file: ConversationFile, room: ReadingRoom, maxBytes: number): ReadPart | null {
  const known = room.context.known(room.key, file.stream);
  if (file.kind === 'append') {
    return { ...readAppendFile(file.path, file.stream, known, maxBytes), isCurrent: true };
  }
  const part = readBlobFile(file.path, file.stream, known, maxBytes);
  return part === null ? null : { ...part, storedBytes: 0, fileBytes: 0 };
}
