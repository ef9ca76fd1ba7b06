/**
 * Preloaded into a function's process, so that its wall clock reads what the simulated AWS reads: it starts at
 * SIMULATED_CLOCK (epoch milliseconds), runs on at real speed, and is set again by a message from the parent.
 */
const RealDate = Date;
let base = Number(process.env['SIMULATED_CLOCK']);
let begun = performance.now();
const now = (): number => Math.floor(base + performance.now() - begun);

class SimulatedDate extends RealDate {
  constructor(...given: [] | [number | string | Date]) {
    super(...((given.length === 0 ? [now()] : given) as [number]));
  }
  static override now(): number {
    return now();
  }
}

globalThis.Date = SimulatedDate as DateConstructor;
process.on('message', (message) => {
  base = (message as { now: number }).now;
  begun = performance.now();
  process.send?.({ set: base });
});
// The channel alone must not keep a process alive whose runtime has ended.
process.channel?.unref();
