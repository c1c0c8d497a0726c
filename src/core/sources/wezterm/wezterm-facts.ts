// What an item of a WezTerm pane says: all that its restore needs.

import { z } from 'zod';

import { parseSourceId } from '../../../shared/model/ids.ts';
import { programFactsSchema } from '../terminal/program-facts.ts';
import { splitsSchema } from '../terminal/splits.ts';

export const WEZTERM = parseSourceId('wezterm');

const id = z.int().min(0);

export const weztermFactsSchema = programFactsSchema.extend({
  wezterm: z.object({
    /** Boot, process number and start: ids count within one run. */
    run: z.string(),
  }),
  window: z.object({ id, workspace: z.string() }),
  tab: z.object({ id, index: id, title: z.string(), splits: splitsSchema.optional() }),
  pane: z.object({ id, isActive: z.boolean(), isZoomed: z.boolean() }),
});

export type WeztermFacts = z.infer<typeof weztermFactsSchema>;
