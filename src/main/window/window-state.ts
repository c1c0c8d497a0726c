// Where the window stood, kept over restarts. A screen that is gone, or a file that somebody damaged, must never put it out of sight.

import { readFileSync } from 'node:fs';

import { z } from 'zod';

import { writePrivateFileSync } from '../../core/config/write-private-file.ts';

export const MIN_WIDTH = 640;
export const MIN_HEIGHT = 480;
const DEFAULT_SIZE = { width: 1_200, height: 800 } as const;
/** So much of it has to lie on a screen that it can be seen and moved. */
const VISIBLE_WIDTH = 120;
const VISIBLE_HEIGHT = 60;

const stateSchema = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().min(1).max(100_000),
  height: z.int().min(1).max(100_000),
  isMaximised: z.boolean(),
});
export type WindowState = z.infer<typeof stateSchema>;

/** Without a position it is centred. */
export interface WindowBounds {
  readonly x?: number;
  readonly y?: number;
  readonly width: number;
  readonly height: number;
}

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Null where there is none, or none that makes sense. */
export function readWindowState(path: string): WindowState | null {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null; // a window at its usual place is no loss
  }
}

/** @throws the file system's error */
export function writeWindowState(path: string, state: WindowState): void {
  writePrivateFileSync(path, `${JSON.stringify(state)}\n`);
}

/** The place for a new window on the screens that there are: the kept one where enough of it would be seen. */
export function placeWindow(state: WindowState | null, workAreas: readonly Area[]): WindowBounds {
  if (state === null) return DEFAULT_SIZE;
  const area = workAreas.find((area) => isVisible(state, area));
  if (area === undefined) return DEFAULT_SIZE;
  return {
    x: state.x,
    y: state.y,
    width: clamp(state.width, MIN_WIDTH, area.width),
    height: clamp(state.height, MIN_HEIGHT, area.height),
  };
}

function isVisible(state: WindowState, area: Area): boolean {
  const width = Math.min(state.x + state.width, area.x + area.width) - Math.max(state.x, area.x);
  const height = Math.min(state.y + state.height, area.y + area.height) - Math.max(state.y, area.y);
  // The title bar is what a window is moved by.
  return width >= VISIBLE_WIDTH && height >= VISIBLE_HEIGHT && state.y >= area.y;
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(value, max));
}
