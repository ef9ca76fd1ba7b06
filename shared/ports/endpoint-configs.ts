import type { JsonObject } from '../domain/recipe.ts';
import type { Outcome } from './outcome.ts';

/** For recovery alone: no function creates endpoint configs. */
export interface EndpointConfigMaker {
  /** From a recipe's `preferred.config`, CreateEndpointConfig's own shape, with its tags. Class `exists`: there is one of that name. */
  create(name: string, config: JsonObject, tags: Readonly<Record<string, string>>): Promise<Outcome<void>>;
}
