/**
 * Returns a function that passes on the first `max` different names, and replaces every other by `other`, so that the values of an
 * attribute have a bound.
 */
export function boundedNames(max: number): (name: string) => string {
  const known = new Set<string>();
  return (name) => {
    if (!known.has(name) && known.size >= max) return 'other';
    known.add(name);
    return name;
  };
}
