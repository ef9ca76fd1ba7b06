import type { Scenario } from '../model.ts';
import type { MinuteCounts } from '../traffic/traffic.ts';
import { MINUTE_MS } from './context.ts';
import type { EndpointState } from './world-state.ts';

/** Whose requests count for what is judged: an endpoint's, or those of one of its components. */
export interface Callers {
  readonly name: string;
  readonly component: string | undefined;
  readonly traffic: MinuteCounts;
}

/** Undefined: none of the scenario's endpoints. */
export function callersOf(
  { endpoints }: Scenario,
  { name, component }: Pick<EndpointState, 'name' | 'component'>,
): Callers | undefined {
  const endpoint = endpoints.find((one) => one.name === name);
  const part = component === undefined ? endpoint : endpoint?.hosting?.components.find((one) => one.name === component);
  return part && { name, component, traffic: part.traffic };
}

/** Requests that came in [from, to), of the scenario's traffic and its injections. */
export function requestsBetween({ start, happens }: Scenario, callers: Callers, from: number, to: number): number {
  let count = 0;
  for (
    let minute = Math.max(0, Math.ceil((from - start) / MINUTE_MS));
    start + (minute + 1) * MINUTE_MS <= to;
    minute += 1
  ) {
    count += callers.traffic[minute] ?? 0;
  }
  for (const happening of happens) {
    if (happening.verb !== 'requests' || happening.endpoint !== callers.name) continue;
    if (happening.component !== callers.component) continue;
    if (happening.at >= from && happening.at < to) count += happening.count;
  }
  return count;
}
