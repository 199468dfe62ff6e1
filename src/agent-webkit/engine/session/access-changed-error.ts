/** The role of a caller has changed since the access was checked: check it again. */
export class AccessChangedError extends Error {
  constructor() {
    super('The access of the caller has changed.');
    this.name = 'AccessChangedError';
  }
}
