// Where a whole run keeps compiled code (scripts/run-tests.ts): for processes that are given an environment of their own.

/** To be put into such an environment; nothing where there is no such place. */
export function compileCache(): { readonly NODE_COMPILE_CACHE?: string } {
  const folder = process.env['NODE_COMPILE_CACHE'];
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}
