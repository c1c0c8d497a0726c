// What an item of a screen window says: all that its restore needs.

import { z } from 'zod';

import { parseSourceId } from '../../../shared/model/ids.ts';
import { programFactsSchema } from '../terminal/program-facts.ts';

export const SCREEN = parseSourceId('screen');

const MAX_WINDOW_NUMBER = 9_999;

export const screenFactsSchema = programFactsSchema.extend({
  session: z.object({
    name: z.string().min(1),
    /** Where new windows of the session start. */
    path: z.string(),
    folder: z.string(),
  }),
  window: z.object({
    number: z.int().min(0).max(MAX_WINDOW_NUMBER),
    /** Unknown as long as somebody has looked at the session since its window was made. */
    title: z.string().optional(),
    isActive: z.boolean().optional(),
  }),
  shell: z.string(),
});

export type ScreenFacts = z.infer<typeof screenFactsSchema>;
