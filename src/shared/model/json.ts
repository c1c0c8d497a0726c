/** Any value that JSON can carry without loss. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** A JSON object; `undefined` members are left out when it is written. */
export type JsonObject = { readonly [key: string]: JsonValue | undefined };

/** True for a list. `Array.isArray` does not tell a list that may not be changed from an object. */
export function isJsonList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
