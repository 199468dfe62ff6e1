/**
 * True on versions of Node.js whose V8 creates a hidden class for each object whose prototype was
 * replaced. Express replaces the prototype of every response.
 */
const IS_EACH_APART = Number(process.versions.node.split('.')[0]) < 24;

/**
 * Gives a response of Express the same hidden class as the other responses. Otherwise Node's own code
 * for a write receives objects of a thousand classes, more than any inline cache holds, which costs a
 * tenth of the processor time of a delivery. Deleting a property makes V8 store the properties in a
 * dictionary, and the class of such an object depends on its prototype alone. The dictionary takes
 * 1.5 kB.
 */
export function shareHiddenClass(response: object): void {
  if (!IS_EACH_APART || !isPrototypeReplaced(response)) return;
  const probe = Symbol('agent-webkit');
  Reflect.set(response, probe, true);
  Reflect.deleteProperty(response, probe);
}

/** Returns true when the prototype is not that of a class. */
function isPrototypeReplaced(response: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(response);
  return prototype instanceof Object && !Object.hasOwn(prototype, 'constructor');
}
