// What an item of a kitty window says: all that its restore needs.

import { z } from 'zod';

import { parseSourceId } from '../../../shared/model/ids.ts';
import { programFactsSchema } from '../terminal/program-facts.ts';
import { splitsSchema } from '../terminal/splits.ts';

export const KITTY = parseSourceId('kitty');

const id = z.int().min(0);

export const kittyFactsSchema = programFactsSchema.extend({
  kitty: z.object({
    /** Boot, process number and start: the ids of windows and tabs count within one run of kitty. */
    run: z.string(),
    listenOn: z.string(),
    /** Where the user allowed remote control on kitty's command line instead of in its configuration: what was allowed. */
    allowed: z.string().optional(),
  }),
  osWindow: z.object({ id }),
  tab: z.object({
    id,
    index: id,
    title: z.string(),
    layout: z.string(),
    isActive: z.boolean(),
    splits: splitsSchema.optional(),
  }),
  window: z.object({ id, title: z.string(), isActive: z.boolean() }),
});

export type KittyFacts = z.infer<typeof kittyFactsSchema>;
