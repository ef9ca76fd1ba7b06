import type { Scenario } from './model.ts';
import type { RehearsalResult } from './result.ts';

/** What the scenario expects and the result does not keep, one sentence each. */
export function findUnmet(scenario: Scenario, result: RehearsalResult): readonly string[] {
  const { maxCold, maxLateMs, maxCut } = scenario.expect ?? {};
  const unmet: string[] = [];
  for (const [name, { requests, windows }] of Object.entries(result.endpoints)) {
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
    for (const { begins, lateSeconds, during } of windows) {
      if (lateSeconds * 1_000 <= maxLateMs) continue;
      const allowed = maxLateMs / 1_000;
      unmet.push(
        `expect.maxLate: ${name}: window ${during} of ${begins} was ${lateSeconds} s late; at most ${allowed} s`,
      );
    }
  }
  return unmet;
}
