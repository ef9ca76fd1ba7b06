import type { Scenario } from './model.ts';
import type { EndpointResult, RehearsalResult } from './result.ts';

/** What the scenario expects and the result does not keep, one sentence each. */
export function findUnmet(scenario: Scenario, result: RehearsalResult): readonly string[] {
  const { maxCold, maxLateMs, maxCut } = scenario.expect ?? {};
  const unmet: string[] = [];
  for (const [name, endpoint] of Object.entries(result.endpoints)) {
    const { requests } = endpoint;
    if (maxCold !== undefined && requests.cold > maxCold * requests.total) {
      const share = ((100 * requests.cold) / requests.total).toFixed(2);
      unmet.push(
        `expect.maxCold: ${name}: ${share} % of ${requests.total} requests were cold; at most ${100 * maxCold} %`,
      );
    }
    if (maxCut !== undefined && requests.cut > maxCut) {
      unmet.push(`expect.maxCut: ${name}: ${requests.cut} streams were cut; at most ${maxCut}`);
    }
    if (maxLateMs === undefined) continue;
    for (const { of, begins, lateSeconds, during } of allWindows(endpoint)) {
      if (lateSeconds * 1_000 <= maxLateMs) continue;
      const allowed = maxLateMs / 1_000;
      unmet.push(
        `expect.maxLate: ${name}${of}: window ${during} of ${begins} was ${lateSeconds} s late; at most ${allowed} s`,
      );
    }
  }
  return unmet;
}

/** Of the endpoint, and of each of several variants or components. */
function allWindows({ windows, variants = {}, components = {} }: EndpointResult) {
  const own = windows.map((window) => ({ ...window, of: '' }));
  const several = Object.keys(components).length > 1 ? components : {};
  const parts = Object.entries({ ...variants, ...several }).flatMap(([part, result]) =>
    result.windows.map((window) => ({ ...window, of: `/${part}` })),
  );
  return [...own, ...parts];
}
