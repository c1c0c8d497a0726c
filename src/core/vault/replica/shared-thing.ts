import type { JsonObject } from '../../../shared/model/json.ts';

/** A thing, and what is said of it here. */
export interface SharedThing {
  readonly entity: string;
  readonly values: JsonObject;
  /** True where nobody has said anything: then there is nothing to tell. */
  readonly isPlain: boolean;
}
