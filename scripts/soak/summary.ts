import type { FaultCount, SeedOutcome } from '../../rehearsal/soak/soak-seed.ts';

const HOUR = 3_600_000;

/** What a soak has done so far. */
export class Summary {
  readonly failed: number[] = [];
  #seeds = 0;
  #simulatedMs = 0;
  #checked = 0;
  readonly #faults = new Map<string, FaultCount>();
  readonly #called = new Map<string, number>();
  readonly #crashed = new Map<string, number>();

  add({ seed, findings, simulatedMs, checked, faults, coverage }: SeedOutcome): void {
    this.#seeds += 1;
    this.#simulatedMs += simulatedMs;
    this.#checked += checked;
    if (findings.length > 0) this.failed.push(seed);
    for (const [kind, { drawn, effective, times }] of Object.entries(faults)) {
      const sum = this.#faults.get(kind) ?? { drawn: 0, effective: 0, times: 0 };
      this.#faults.set(kind, {
        drawn: sum.drawn + drawn,
        effective: sum.effective + effective,
        times: sum.times + times,
      });
    }
    addCounts(this.#called, coverage.called);
    addCounts(this.#crashed, coverage.crashed);
  }

  get seeds(): number {
    return this.#seeds;
  }

  lines(seconds: number): string[] {
    const hours = this.#simulatedMs / HOUR;
    const sites = [...this.#called.keys()].sort();
    const missed = sites.filter((site) => !this.#crashed.has(site));
    const faults = [...this.#faults].sort(([a], [b]) => (a < b ? -1 : 1));
    const sum = (pick: keyof FaultCount): number => faults.reduce((total, [, count]) => total + count[pick], 0);
    return [
      `${this.#seeds} seeds, ${hours} simulated hours in ${Math.round(seconds)} s, ${this.failed.length} failed`,
      `${this.#checked} invariant checks`,
      `${sum('effective')} of ${sum('drawn')} faults took effect, ${sum('times')} times:`,
      ...faults.map(
        ([kind, { drawn, effective, times }]) =>
          `  ${kind.padEnd(28)} ${String(effective).padStart(6)} of ${String(drawn).padEnd(6)} ${times} times`,
      ),
      `crashes were tried after ${sites.length - missed.length} of ${sites.length} call sites`,
      ...missed.map((site) => `  not after ${site} (called ${this.#called.get(site)} times)`),
    ];
  }
}

function addCounts(sums: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(counts)) sums.set(key, (sums.get(key) ?? 0) + count);
}
