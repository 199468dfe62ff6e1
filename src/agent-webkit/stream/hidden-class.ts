/**
 * True where V8 gives every object whose prototype was replaced a hidden class of its own. Express
 * replaces the prototype of every response.
 */
const IS_EACH_APART = Number(process.versions.node.split('.')[0]) < 24;

/**
 * Gives a response of Express the hidden class that the other responses have, too. Without it Node's
 * own code for a write meets a different class with each of a thousand responses, more than any inline
 * cache holds: on Express a tenth of the processor time of a delivery. Deleting a property makes V8
 * keep the properties in a dictionary, and the class of such an object depends on its prototype alone.
 * The dictionary takes a kilobyte and a half.
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
