export interface Deferred<T> {
  promise: Promise<T>;
  resolve(this: void, value: T): void;
  reject(this: void, reason: unknown): void;
}

/** Creates a promise with its resolvers, like `Promise.withResolvers`, which Node has from version 22. */
export function createDeferred<T>(): Deferred<T> {
  let resolvers: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    resolvers = { resolve, reject };
  });
  return { promise, ...(resolvers as unknown as Omit<Deferred<T>, 'promise'>) };
}
