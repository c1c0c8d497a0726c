// A small file beside the vault that is there while an app runs: a start that finds it knows that the last one did not end well. It says
// when and on which boot, and nothing that was captured.

import { readFileSync, rmSync } from 'node:fs';
import { uptime } from 'node:os';

import { z } from 'zod';

import type { RunEnd } from '../../shared/model/run.ts';
import { writePrivateFileSync } from '../config/write-private-file.ts';

/** Clocks are set, and boot times are told in whole seconds: two within this are the same boot. */
const SAME_BOOT_MS = 60_000;

const markerSchema = z.object({
  pid: z.int(),
  startedAtMs: z.number(),
  bootedAtMs: z.number(),
  /** Unclean ends in a row before this start. */
  uncleanEnds: z.int().min(0).default(0),
  /** Where its local API listens; absent while it does not. */
  port: z.int().min(1).max(65_535).optional(),
});
type Marker = z.infer<typeof markerSchema>;

/** How the run before this one ended. */
export interface EarlierRun {
  readonly end: RunEnd;
  readonly uncleanEnds: number;
}

/** Notes that an app runs from now on, and says how the one before ended. Another app that still runs ended nothing. */
export function beginRun(
  path: string,
  now: { readonly nowMs: number; readonly pid: number; readonly isAlive: (pid: number) => boolean },
): EarlierRun {
  const earlier = readMarker(path);
  const bootedAtMs = now.nowMs - uptime() * 1_000;
  const isSameBoot = earlier !== null && Math.abs(earlier.bootedAtMs - bootedAtMs) < SAME_BOOT_MS;
  const isRunning = earlier !== null && isSameBoot && earlier.pid !== now.pid && now.isAlive(earlier.pid);
  const end = earlier === null || isRunning ? 'clean' : isSameBoot ? 'crash' : 'reboot';
  const uncleanEnds = end === 'clean' ? 0 : (earlier?.uncleanEnds ?? 0) + 1;
  writeMarker(path, { pid: now.pid, startedAtMs: now.nowMs, bootedAtMs, uncleanEnds });
  return { end, uncleanEnds };
}

/** Notes that this app ended well; the mark of another one stays. */
export function endRun(path: string, pid: number): void {
  if (readMarker(path)?.pid === pid) rmSync(path, { force: true });
}

/** Notes where the local API of this app listens, or that it no longer does. */
export function noteApiPort(path: string, pid: number, port: number | null): void {
  const marker = readMarker(path);
  if (marker?.pid !== pid) return;
  const { port: _, ...rest } = marker;
  writeMarker(path, port === null ? rest : { ...rest, port });
}

/** Where the API of a running app listens, as the file says; whoever calls it has to make sure that it is Cairn. */
export function findApiPort(path: string, isAlive: (pid: number) => boolean): number | null {
  const marker = readMarker(path);
  return marker?.port !== undefined && isAlive(marker.pid) ? marker.port : null;
}

function writeMarker(path: string, marker: Marker): void {
  writePrivateFileSync(
    path,
    `${JSON.stringify(marker)}
`,
  );
}

function readMarker(path: string): Marker | null {
  try {
    return markerSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null; // none, or none of ours: nothing is known about the run before
  }
}
