// What an item of a Zellij pane says: all that its restore needs.

import { z } from 'zod';

import { parseSourceId } from '../../../shared/model/ids.ts';
import { programFactsSchema } from '../terminal/program-facts.ts';
import { splitsSchema } from '../terminal/splits.ts';

export const ZELLIJ = parseSourceId('zellij');

const id = z.int().min(0);

export const zellijFactsSchema = programFactsSchema.extend({
  session: z.object({
    name: z.string().min(1),
    /** Boot, process number and start: ids count within one run. */
    run: z.string(),
  }),
  /** Unknown in versions before 0.44 where two panes look the same. */
  tab: z.object({ id: id.optional(), index: id, name: z.string(), splits: splitsSchema.optional() }).optional(),
  pane: z.object({ id, isFocused: z.boolean().optional(), isFloating: z.boolean().optional() }),
});

export type ZellijFacts = z.infer<typeof zellijFactsSchema>;
