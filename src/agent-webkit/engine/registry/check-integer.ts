import { InvalidRequestError } from '../errors.js';

/** @throws InvalidRequestError when the value is not an integer of this range */
export function checkInteger(
  name: string,
  value: number,
  min: number,
  max = Number.POSITIVE_INFINITY,
): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const range = max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new InvalidRequestError(`${name}: must be an integer ${range}, but got ${value}.`);
}
