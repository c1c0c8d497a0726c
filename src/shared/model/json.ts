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
