// GraphQL over HTTP: limits before anything is carried out, no page, no file uploads, no cross-origin use, errors as `toClientError`.

import { parse, type GraphQLError } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';

import type { Viewer } from '../publishing/viewer.ts';
import { toClientError } from './client-error.ts';
import type { GraphqlServices } from './context.ts';
import { createContext } from './create-context.ts';
import { limitQueries, MAX_TOKENS } from './query-limits.ts';
import { createSchema } from './schema.ts';
import type { Db } from '../store/store.ts';

/** A session of ten thousand messages; more is said to be too much before it is read. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

export interface GraphqlServerDeps {
  readonly db: Db;
  readonly services: GraphqlServices;
  /** Hears the names of unexpected errors; never their texts. */
  readonly onUnexpected: (name: string) => void;
}

/** What the HTTP server knows of a request by then. */
export interface RequestFacts {
  readonly viewer: Viewer | null;
}

/** Answers `/graphql`. */
export function createGraphqlServer({ db, services, onUnexpected }: GraphqlServerDeps) {
  const clean = (error: unknown): GraphQLError => toClientError(error, onUnexpected);
  const limits: Plugin = {
    onParse: ({ setParseFn }) =>
      setParseFn((source: Parameters<typeof parse>[0], options?: object) =>
        parse(source, { ...options, maxTokens: MAX_TOKENS }),
      ),
    onValidate: ({ addValidationRule }) => addValidationRule(limitQueries),
    // Also what never came to be carried out.
    onResultProcess: (payload) => {
      const { result } = payload;
      if (!Array.isArray(result) && 'errors' in result && result.errors !== undefined)
        payload.setResult({ ...result, errors: result.errors.map(clean) });
    },
  };
  return createYoga<RequestFacts>({
    schema: createSchema(),
    graphqlEndpoint: '/graphql',
    context: ({ viewer }) => createContext(db, services, viewer),
    plugins: [limits],
    maskedErrors: { maskError: clean },
    maxRequestBodySize: MAX_BODY_BYTES,
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    cors: false,
    logging: false,
  });
}
