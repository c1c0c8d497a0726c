// The schema's builder. The order of the plugins matters: relay first, so that scopes see parsed ids.

import SchemaBuilder from '@pothos/core';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import ValidationPlugin from '@pothos/plugin-validation';
import { GraphQLError, Kind, type ValueNode } from 'graphql';

import { isBoundedJson } from '../publishing/bounded-json.ts';
import type { GraphqlContext } from './context.ts';

interface Types {
  Context: GraphqlContext;
  AuthScopes: { user: boolean };
  Scalars: {
    DateTime: { Input: string; Output: string };
    JSON: { Input: unknown; Output: unknown };
  };
}

export type Builder = ReturnType<typeof createBuilder>;

export function createBuilder() {
  const builder = new SchemaBuilder<Types>({
    plugins: [RelayPlugin, ScopeAuthPlugin, ValidationPlugin],
    relay: { nodesQueryOptions: false },
    scopeAuth: { authScopes: async (context) => ({ user: context.viewer !== null }) },
  });
  builder.scalarType('DateTime', {
    description: 'A time as in ISO 8601, UTC: 2026-01-31T12:00:00.000Z',
    serialize: (value) => value,
    parseValue: parseTime,
  });
  builder.scalarType('JSON', {
    description: 'Any JSON, bounded in depth and size',
    serialize: (value) => value,
    parseValue: bounded,
    parseLiteral: (node, variables) => bounded(readLiteral(node, variables ?? {}, 0)),
  });
  builder.queryType({});
  builder.mutationType({});
  return builder;
}

function parseTime(value: unknown): string {
  const ms = typeof value === 'string' && value.length <= 40 ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new GraphQLError('A time is wanted, as in ISO 8601.');
  return new Date(ms).toISOString();
}

function bounded(value: unknown): unknown {
  if (!isBoundedJson(value)) throw new GraphQLError('This JSON is too deep or too large.');
  return value;
}

const MAX_LITERAL_DEPTH = 12;

function readLiteral(node: ValueNode, variables: Readonly<Record<string, unknown>>, depth: number): unknown {
  if (depth > MAX_LITERAL_DEPTH) throw new GraphQLError('This JSON is too deep or too large.');
  switch (node.kind) {
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return node.value;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.NULL:
      return null;
    case Kind.VARIABLE:
      return variables[node.name.value] ?? null;
    case Kind.LIST:
      return node.values.map((value) => readLiteral(value, variables, depth + 1));
    case Kind.OBJECT:
      return Object.fromEntries(
        node.fields.map(({ name, value }) => [name.value, readLiteral(value, variables, depth + 1)]),
      );
  }
}
