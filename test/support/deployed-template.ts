import { readFileSync } from 'node:fs';
import type { Deployment, SimulatedAws } from '../../simulator/contract.ts';
import { createAws } from './simulator-clients.ts';

/** The template as this repository deploys it, in a simulated account whose functions do nothing. */
export function deployTemplate(
  parameters: Readonly<Record<string, string>> = {},
  aws: SimulatedAws = createAws(),
): Deployment & { readonly aws: SimulatedAws } {
  const nothing = { invoke: async () => undefined, drop: () => undefined };
  return { ...aws.deploy(readFileSync('template.yaml', 'utf8'), parameters, () => nothing), aws };
}
