import type { ScenarioEndpoint } from '../model.ts';
import type { ScenarioDocument } from './grammar.ts';

type EndpointDocument = ScenarioDocument['endpoints'][string];

const DEFAULT_COLD_START_MS = 10_000;
/** Provisioning concurrency is quicker than starting instances; AWS publishes no time. */
export const PROVISION_MS = 2 * 60_000;

/** Undefined: it is none. */
export function resolveServerless(document: EndpointDocument): ScenarioEndpoint['serverless'] {
  if (document.kind !== 'serverless') return undefined;
  const { memoryMb, maxConcurrency, coldStart = DEFAULT_COLD_START_MS } = document;
  // The grammar asks for both.
  return { memoryMb: memoryMb ?? 0, maxConcurrency: maxConcurrency ?? 0, coldStartSeconds: coldStart / 1_000 };
}
