/** How the agents of a module call their components. */
export interface ComponentRegistryOptions {
  /** The MCP server of the components: 1 to 32 letters, digits and `-`. @default 'genui' */
  readonly serverName?: string;
  /** The text before the short name of each component: at most 32 letters, digits and `_`, without `__`. @default 'render_' */
  readonly prefix?: string;
  /**
   * The paragraph of the system prompt that says when to render components. The list of the components follows it.
   *
   * @default a paragraph that prefers a component to prose for structured information
   */
  readonly prompt?: string;
}

const NAMES = ['serverName', 'prefix', 'prompt'] as const;

const DEFAULTS: Required<ComponentRegistryOptions> = {
  serverName: 'genui',
  prefix: 'render_',
  prompt:
    'You can show components of a user interface to the user: call the tool of a component, and its input is what the component shows. ' +
    'Prefer a component to prose when you present structured information that one of them is made for. ' +
    'These tools only show something: they return no information. You may call several of them in one turn. ' +
    'Do not repeat in words what a component shows.',
};

/**
 * Returns the options of the one registry of a module. Each feature may set some of them.
 *
 * @throws TypeError when one is wrong, or two features set different values
 */
export function registryOf(
  given: readonly ComponentRegistryOptions[],
): Required<ComponentRegistryOptions> {
  for (const name of NAMES) {
    const values = new Set(given.flatMap((options) => options[name] ?? []));
    if (values.size <= 1) continue;
    throw new TypeError(
      `forFeature(): 'genui.${name}' has several values for one module: ${[...values].map((value) => `'${value}'`).join(', ')}. Set it once.`,
    );
  }
  const registry = Object.assign({ ...DEFAULTS }, ...given) as typeof DEFAULTS;
  const { serverName, prefix, prompt } = registry;
  check(
    /^[A-Za-z\d-]{1,32}$/.test(serverName),
    `'genui.serverName' must have 1 to 32 letters, digits and -`,
  );
  check(
    /^(?!_)\w{0,32}$/.test(prefix) && !prefix.includes('__'),
    `'genui.prefix' must have at most 32 letters, digits and _, no __, and no _ at its begin`,
  );
  check(typeof prompt === 'string', `'genui.prompt' must be a text`);
  return registry;
}

function check(isRight: boolean, problem: string): void {
  if (!isRight) throw new TypeError(`forFeature(): ${problem}.`);
}
