// What must be done before the window goes to another address: a place that is noted only now and then is noted once more.

const listeners = new Set<() => void>();

/** Calls back before each navigation inside the window; the result undoes it. */
export function onLeaving(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Wraps the router's own way of going somewhere. */
export function goAfterNotes<Values extends readonly unknown[]>(
  navigate: (...values: Values) => void,
  ...values: Values
): void {
  for (const listener of listeners) listener();
  navigate(...values);
}
