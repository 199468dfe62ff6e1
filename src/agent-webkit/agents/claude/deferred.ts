export interface Deferred<T> {
  promise: Promise<T>;
  resolve(this: void, value: T): void;
  reject(this: void, reason: unknown): void;
}

/** A promise with its ends in hand, as `Promise.withResolvers` makes one from Node 22 on. */
export function createDeferred<T>(): Deferred<T> {
  let ends: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    ends = { resolve, reject };
  });
  return { promise, ...(ends as unknown as Omit<Deferred<T>, 'promise'>) };
}
