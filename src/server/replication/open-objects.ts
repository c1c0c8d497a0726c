// Where the objects of an installation go (S31), and where it may have others from before: an operator may change the place at any start, and
// what is stored stays where it is.

import type { DatabaseKind } from '../store/dialects.ts';
import { createFileObjects, objectFolderIn } from './file-objects.ts';
import type { ObjectStore } from './object-store.ts';
import { createPieceObjects } from './piece-objects.ts';
import { createRowObjects } from './row-objects.ts';
import { createS3Objects, type S3Options } from './s3-objects.ts';

export interface ObjectOptions {
  readonly objects: 'database' | 'files' | Omit<S3Options, 'nowMs'>;
  /** With the folder of object files. */
  readonly dataFolder: string;
  readonly nowMs: () => number;
}

/** What lies in S3-compatible storage is only found while that is named. */
export function openObjects({ objects, dataFolder, nowMs }: ObjectOptions, kind: DatabaseKind): ObjectStore {
  const files = createFileObjects(objectFolderIn(dataFolder));
  // PostgreSQL has those of before object_pieces as rows.
  const rows = createRowObjects();
  const database = kind === 'postgres' ? withEarlier(createPieceObjects(), [rows]) : rows;
  if (objects === 'database') return withEarlier(database, [files]);
  if (objects === 'files') return withEarlier(files, [database]);
  return withEarlier(createS3Objects({ ...objects, nowMs }), [database, files]);
}

/** New objects go into one store; the earlier ones are asked for what is not there. */
function withEarlier(current: ObjectStore, earlier: ReadonlyArray<ObjectStore>): ObjectStore {
  const stores = [current, ...earlier];
  return {
    ...current,
    read: async (db, userId, place) => {
      for (const store of stores) {
        const bytes = await store.read(db, userId, place);
        if (bytes !== null) return bytes;
      }
      return null;
    },
    remove: async (db, userId, places) => {
      for (const store of stores) await store.remove(db, userId, places);
    },
  };
}
