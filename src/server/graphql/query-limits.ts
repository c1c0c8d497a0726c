// What a query may cost, counted before anything of it is carried out. None of it is on in the libraries by themselves.

import {
  GraphQLError,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ASTVisitor,
} from 'graphql';

export const MAX_TOKENS = 2_000;
const MAX_DEPTH = 12;
const MAX_COST = 5_000;
const MAX_ALIASES = 30;
const MAX_ROOT_FIELDS = 10;
const MAX_DIRECTIVES = 20;
const DEFAULT_PAGE = 20;
const MAX_PAGE = 100;
/** Opening messages costs more than showing a time. */
const FIELD_COSTS: Readonly<Record<string, number>> = { messages: 10, metadata: 10, syncSession: 100 };

/** A validation rule: refuses documents that are too deep, too wide or too dear. */
export function limitQueries(context: ValidationContext): ASTVisitor {
  return {
    Document: {
      enter: (document) => {
        const problem = measure(document);
        if (problem !== null)
          context.reportError(new GraphQLError(`This query ${problem}.`, { extensions: { code: 'QUERY_TOO_LARGE' } }));
      },
    },
  };
}

interface Count {
  aliases: number;
  directives: number;
  steps: number;
  isTooDeep: boolean;
}

function measure(document: DocumentNode): string | null {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const count: Count = { aliases: 0, directives: 0, steps: 0, isTooDeep: false };
  let cost = 0;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    if (rootFields(definition.selectionSet, fragments, new Set()) > MAX_ROOT_FIELDS)
      return `asks for more than ${MAX_ROOT_FIELDS} things at once`;
    cost += costOf(definition.selectionSet, { fragments, count, depth: 1, open: new Set() });
  }
  if (count.isTooDeep) return `is deeper than ${MAX_DEPTH} levels`;
  if (count.aliases > MAX_ALIASES) return `has more than ${MAX_ALIASES} aliases`;
  if (count.directives > MAX_DIRECTIVES) return `has more than ${MAX_DIRECTIVES} directives`;
  return cost > MAX_COST ? `costs more than ${MAX_COST}` : null;
}

interface Place {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly count: Count;
  readonly depth: number;
  /** Fragments that are being gone through: one in itself ends there, and is refused by another rule. */
  readonly open: ReadonlySet<string>;
}

function costOf(set: SelectionSetNode, place: Place): number {
  const { count, depth, fragments, open } = place;
  if (depth > MAX_DEPTH) count.isTooDeep = true;
  if (count.isTooDeep) return 0;
  let cost = 0;
  for (const selection of set.selections) {
    // Fragments within fragments multiply: what is beyond every limit is not counted to its end.
    count.steps += 1;
    if (count.steps > MAX_COST) return MAX_COST + 1;
    count.directives += selection.directives?.length ?? 0;
    if (selection.kind === Kind.FIELD) {
      cost += costOfField(selection, place);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      cost += costOf(selection.selectionSet, place);
    } else {
      const name = selection.name.value;
      const fragment = fragments.get(name);
      if (fragment !== undefined && !open.has(name))
        cost += costOf(fragment.selectionSet, { ...place, open: new Set([...open, name]) });
    }
  }
  return cost;
}

function costOfField(field: FieldNode, place: Place): number {
  if (field.alias !== undefined) place.count.aliases += 1;
  const own = FIELD_COSTS[field.name.value] ?? 1;
  if (field.selectionSet === undefined) return own;
  return own + pageOf(field) * costOf(field.selectionSet, { ...place, depth: place.depth + 1 });
}

/** Rows that a field gives; a page whose size is in a variable counts as a whole one. */
function pageOf({ name, arguments: given = [] }: FieldNode): number {
  const sizes = given.filter((argument) => argument.name.value === 'first' || argument.name.value === 'last');
  if (sizes.length === 0) return name.value === 'sessions' ? DEFAULT_PAGE : 1;
  const numbers = sizes.map(({ value }) => (value.kind === Kind.INT ? Number(value.value) : MAX_PAGE));
  return Math.min(MAX_PAGE, Math.max(1, ...numbers));
}

function rootFields(
  set: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  open: ReadonlySet<string>,
): number {
  let fields = 0;
  for (const selection of set.selections) {
    if (fields > MAX_ROOT_FIELDS) return fields;
    if (selection.kind === Kind.FIELD) fields += 1;
    else if (selection.kind === Kind.INLINE_FRAGMENT) fields += rootFields(selection.selectionSet, fragments, open);
    else {
      const name = selection.name.value;
      const fragment = fragments.get(name);
      if (fragment !== undefined && !open.has(name))
        fields += rootFields(fragment.selectionSet, fragments, new Set([...open, name]));
    }
  }
  return fields;
}
