// Fields and values of what was edited apart, in words. Pure.

const MAX_VALUE = 2_000;
const FIELDS: Readonly<Record<string, string>> = {
  name: 'name',
  description: 'description',
  tags: 'tags',
  priority: 'priority',
  pinned: 'pinned',
  isPinned: 'pinned',
};

export function tellField(field: string): string {
  return FIELDS[field] ?? field;
}

/** Null means that it was deleted. */
export function tellValue(value: unknown): string {
  if (value === null) return 'deleted';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value === '' ? 'empty' : value.slice(0, MAX_VALUE);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(tellValue).join(', ').slice(0, MAX_VALUE);
  return JSON.stringify(value).slice(0, MAX_VALUE);
}
