// What a planned step tells its execution, and what a finished one tells its undo. Both are parsed when they come back: they were
// plain data in between.

import { z } from 'zod';

const oid = z.string().regex(/^[0-9a-f]{40,64}$/);
const folder = z.string().startsWith('/');
/** Only refs that Cairn may make, so that no undo can be talked into deleting another. */
const cairnBranch = z.string().regex(/^cairn[/-]restore-[0-9a-z-]+$/);

const payloadSchema = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('branch'), folder, branch: cairnBranch }),
  z.object({ mode: z.literal('worktree'), folder, worktree: folder, branch: cairnBranch }),
  z.object({ mode: z.literal('apply'), folder, branch: cairnBranch }),
  z.object({ mode: z.literal('export'), target: folder }),
]);
export type GitPayload = z.infer<typeof payloadSchema>;

const refSchema = z.object({ branch: cairnBranch, oid });
const undoSchema = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('branch'), folder, branches: z.array(refSchema) }),
  z.object({
    mode: z.literal('worktree'),
    folder,
    worktree: folder,
    head: oid,
    staged: oid,
    work: oid,
    branches: z.array(refSchema),
  }),
  z.object({ mode: z.literal('apply'), folder, base: oid, staged: oid, work: oid, branches: z.array(refSchema) }),
  z.object({
    mode: z.literal('export'),
    target: folder,
    files: z.array(z.object({ name: z.string().regex(/^[a-z.]+$/), sha256: z.string() })),
  }),
]);
export type GitUndo = z.infer<typeof undoSchema>;
/** A branch that a restore made, and where it pointed then. */
export type MadeBranch = z.infer<typeof refSchema>;

export function parsePayload(value: unknown): GitPayload {
  return payloadSchema.parse(value);
}

/** Null where the result made nothing that this source could take back. */
export function parseUndo(value: unknown): GitUndo | null {
  const parsed = undoSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
