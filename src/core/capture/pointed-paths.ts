import { isJsonList, type JsonObject, type JsonValue } from '../../shared/model/json.ts';
import { factOf } from './rules/facts.ts';

/** More folders than anybody works in at once; a hostile item cannot make the git source look at everything. */
const MAX_POINTED_PATHS = 2_000;
const MAX_PATH_CHARACTERS = 4_096;
const MAX_DEPTH = 32;

/** The absolute folders and files that these attributes point into (`cwd` and `path`, wherever they stand), each once. */
export function collectPointedPaths(attributes: Iterable<JsonObject>): readonly string[] {
  const paths = new Set<string>();
  for (const object of attributes) collectFrom(object, paths, 0);
  return [...paths];
}

function collectFrom(value: JsonValue | undefined, paths: Set<string>, depth: number): void {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return;
  if (isJsonList(value)) {
    for (const element of value) collectFrom(element, paths, depth + 1);
    return;
  }
  for (const name of Object.keys(value)) {
    const member = value[name];
    if (typeof member === 'object') collectFrom(member, paths, depth + 1);
    else if (factOf(name) === 'path' && isAbsolutePath(member) && paths.size < MAX_POINTED_PATHS) paths.add(member);
  }
}

function isAbsolutePath(value: JsonValue | undefined): value is string {
  if (typeof value !== 'string' || value.length > MAX_PATH_CHARACTERS || value.includes('\0')) return false;
  return value.startsWith('/') || /^[A-Za-z]:[\\/]/.test(value);
}
