// What a restore needs of a captured tab, as it stands in its item, and as a planned step carries it.

import { z } from 'zod';

import type { JsonValue } from '../../../shared/model/json.ts';

const groupSchema = z.object({
  name: z.string(),
  colour: z.string().default(''),
  index: z.int().default(0),
  isCollapsed: z.boolean().default(false),
});
const geometrySchema = z.object({ x: z.int(), y: z.int(), width: z.int(), height: z.int() });

export const factsSchema = z.object({
  url: z.string(),
  profileDir: z.string(),
  profile: z.string(),
  window: z.object({
    id: z.string(),
    index: z.int(),
    geometry: geometrySchema.nullable().catch(null).default(null),
    state: z.string().nullable().default(null),
  }),
  index: z.int(),
  isActive: z.boolean().default(false),
  isPinned: z.boolean().default(false),
  group: groupSchema.optional(),
  container: z.int().optional(),
});
export type TabFacts = z.infer<typeof factsSchema>;

export const payloadSchema = z.object({
  url: z.string(),
  title: z.string(),
  profileDir: z.string(),
  profile: z.string(),
  window: z.string(),
  windowIndex: z.int(),
  geometry: geometrySchema.nullable(),
  state: z.string().nullable(),
  index: z.int(),
  isActive: z.boolean(),
  isPinned: z.boolean(),
  group: groupSchema.nullable(),
  /** Through the extension, with everything that the tab was. */
  isExact: z.boolean(),
  /** Which of the open windows it belongs in, counted as they are captured; null makes one. */
  into: z.int().nullable(),
});
export type TabPayload = z.infer<typeof payloadSchema>;

export function toPayload(
  facts: TabFacts,
  title: string,
  how: { readonly isExact: boolean; readonly into: number | null },
): JsonValue {
  const { window, profile, profileDir, index, isActive, isPinned, group } = facts;
  return {
    url: new URL(facts.url).href,
    title,
    profileDir,
    profile,
    window: window.id,
    windowIndex: window.index,
    geometry: window.geometry,
    state: window.state,
    index,
    isActive,
    isPinned,
    group: group ?? null,
    ...how,
  } satisfies TabPayload;
}
