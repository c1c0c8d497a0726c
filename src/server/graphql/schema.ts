import type { GraphQLSchema } from 'graphql';

import { createBuilder } from './builder.ts';
import { addSessionMutations, addSessionQueries, addSessionTypes } from './session-types.ts';
import { addTeamTypes, addWebhookTypes } from './team-types.ts';

/** The schema of the server's GraphQL. */
export function createSchema(): GraphQLSchema {
  const builder = createBuilder();
  const types = addSessionTypes(builder);
  addSessionQueries(builder, types);
  addSessionMutations(builder, types);
  addTeamTypes(builder, types);
  addWebhookTypes(builder);
  return builder.toSchema();
}
