import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseScenario, rehearse } from '../../rehearsal/index.ts';
import { traceScenario } from '../../rehearsal/starter.ts';

const TRACES = fileURLToPath(new URL('../../../shared/traces/', import.meta.url));
const MINUTES = 14 * 1440;

/**
 * Traffic of real services, and what an independent replay of the rule gives: idle time from the last request, start-up
 * paid, no detection delay. The product sees a request two minutes late and deletes one run after its decision.
 */
const ORACLE: readonly (readonly [name: string, paid: number, cold: number, wakes: number])[] = [
  ['office-sparse', 0.756, 0.0086, 22],
  ['nightly-idle', 0.553, 0.0041, 15],
  ['office-bursty', 0.508, 0.0431, 38],
  ['batch-campaigns', 0.321, 0.0094, 17],
];

describe('a real-time endpoint that parks by its workload', () => {
  it.each(ORACLE)(
    'pays for %s what an independent replay pays',
    async (name, paid, cold, wakes) => {
      const file = `${TRACES}servegen-${name}.csv`;
      if (!existsSync(file)) {
        console.log(`skipped: ${file} is not there`);
        return;
      }
      const parsed = parseScenario(traceScenario(file, MINUTES), 'trace.yaml', (path) => readFileSync(path, 'utf8'));
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      const { result, problems } = await rehearse(parsed.scenario);
      const { instanceHours, requests, ...endpoint } = result.endpoints['endpoint']!;
      expect(problems).toEqual([]);
      expect(result.invariants.violations).toEqual([]);
      expect(requests.total).toBe(requests.served + requests.failed + requests.expired + requests.pending);
      expect(Math.abs(instanceHours.paid / instanceHours.alwaysOn - paid)).toBeLessThan(0.02);
      expect(Math.abs(requests.cold / requests.total - cold)).toBeLessThan(0.005);
      expect(Math.abs(endpoint.wakes - wakes)).toBeLessThanOrEqual(4);
    },
    120_000,
  );
});
