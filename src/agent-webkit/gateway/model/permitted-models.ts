import { ApiError } from './api-error.js';
import type { Environment } from './environment.js';

/** Variables by which a host gives the agents models of its own choice. */
const CHOSEN = ['ANTHROPIC_MODEL', 'ANTHROPIC_SMALL_FAST_MODEL', 'CLAUDE_CODE_SUBAGENT_MODEL'];

/**
 * The models that an agent may request: those of `agent.models`, that of the session, and those that the host
 * names in the environment. Claude Code uses a small model by itself, for example to summarize a web page,
 * whatever its list of models is: that is permitted, too.
 *
 * A session without a model uses the default of Claude Code, whose name is unknown. It is learned from the first
 * request that is not for the small model.
 */
export class PermittedModels {
  readonly #entries: string[];
  #isDefaultUnknown: boolean;

  constructor(models: readonly string[], model: string | null, environment: Environment) {
    this.#isDefaultUnknown = model === null && !environment['ANTHROPIC_MODEL'];
    const named = [...models, ...(model === null ? [] : [model])];
    const small =
      environment['ANTHROPIC_SMALL_FAST_MODEL'] || environment['ANTHROPIC_DEFAULT_HAIKU_MODEL'];
    const chosen = CHOSEN.map((name) => environment[name] ?? '');
    // A host may give a family another name, such as that of a deployment.
    const aliased = named.map(
      (entry) => environment[`ANTHROPIC_DEFAULT_${familyOf(entry).toUpperCase()}_MODEL`] ?? '',
    );
    this.#entries = [...named, ...chosen, ...aliased, small || 'haiku'].filter(Boolean);
  }

  /** @throws ApiError for a model that is not permitted */
  check(named: readonly string[]): void {
    const other = named.find((model) => !this.#permits(model));
    const isSmall = named.every((model) => isPermitted(model, this.#entries.at(-1) ?? ''));
    const mayLearn = this.#isDefaultUnknown && !isSmall;
    if (mayLearn) this.#isDefaultUnknown = false;
    if (other === undefined) return;
    if (mayLearn && named.length === 1) {
      this.#entries.unshift(other);
      return;
    }
    throw new ApiError(
      403,
      'permission_error',
      `The model ${JSON.stringify(other.slice(0, 100))} is not permitted for this session.`,
    );
  }

  #permits(model: string): boolean {
    return this.#entries.some((entry) => isPermitted(model, entry));
  }
}

/**
 * True when a model of a request is one that an entry of `agent.models` names, as Claude Code reads the list:
 * a whole name, a name without its date or the last parts of its version, or a family such as `sonnet`.
 */
export function isPermitted(model: string, entry: string): boolean {
  if (model === entry) return true;
  const name = plainName(model);
  const wanted = plainName(entry);
  if (wanted === 'opusplan') return isPermitted(model, 'opus') || isPermitted(model, 'sonnet');
  if (!name.startsWith('claude-') || wanted === '') return false;
  if (/^[a-z]+$/.test(wanted)) return name.split('-').includes(wanted);
  const full = wanted.startsWith('claude-') ? wanted : `claude-${wanted}`;
  return name === full || name.startsWith(`${full}-`);
}

function familyOf(entry: string): string {
  return plainName(entry).replace(/[^a-z]/g, '');
}

/** A model without its region, its provider's version and the size of its context. */
function plainName(model: string): string {
  return model
    .toLowerCase()
    .replace(/^arn:.*\//, '')
    .replace(/\[[0-9a-z]+\]$/, '')
    .replace(/^(?:[a-z]+\.)?anthropic\./, '')
    .replace(/-v\d+(?::\d+)?$/, '')
    .replace('@', '-');
}
