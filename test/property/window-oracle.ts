/**
 * A second, slow and simple reading of section "Windows" of the grammar: it looks at a wall clock minute by minute and
 * never converts a local time to an instant. It shares no code with shared/documents.
 */
const MINUTE = 60_000;
const DAY = 86_400_000;
const DAY_NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** A schedule as a user writes it, holidays compiled. */
export interface OracleSchedule {
  readonly timezone: string;
  readonly open?: readonly { readonly days?: string; readonly from: string; readonly to: string }[];
  readonly closed?: readonly (
    | string
    | { readonly holidays: string; readonly dates: readonly string[]; readonly until: string }
  )[];
  readonly extra?: readonly { readonly from: string; readonly to: string }[];
}

/** Wall clock readings of a zone at every grid instant; local times are epoch milliseconds of the same reading in UTC. */
export interface WallClock {
  readonly first: number;
  readonly grid: number;
  readonly local: Float64Array;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function readWallClock(zone: string, instant: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(zone, format);
  }
  const [, day, month, year, hour, minute, second] = /^(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)$/
    .exec(format.format(instant))!
    .map(Number);
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
}

/** Reads the clock every quarter of an hour, and at every grid instant of a quarter in which it was changed. */
export function watchClock(zone: string, from: number, until: number): WallClock {
  const quarter = 15 * MINUTE;
  const first = Math.floor(from / quarter) * quarter;
  const last = Math.ceil(until / quarter) * quarter;
  // Offsets with seconds (Liberia until 1972) need a finer grid.
  const odd = [first, last].some((instant) => (readWallClock(zone, instant) - instant) % MINUTE !== 0);
  const grid = odd ? MINUTE / 2 : MINUTE;
  const local = new Float64Array((last - first) / grid);
  for (let start = first; start < last; start += quarter) {
    const atStart = readWallClock(zone, start);
    const even = readWallClock(zone, start + quarter) - atStart === quarter;
    for (let instant = start; instant < start + quarter; instant += grid) {
      local[(instant - first) / grid] = even ? atStart + instant - start : readWallClock(zone, instant);
    }
  }
  return { first, grid, local };
}

/** First grid index at which the clock shows `wanted` or later. */
function firstShowing({ local }: WallClock, wanted: number): number {
  for (let index = 0; index < local.length; index += 1) if (local[index]! >= wanted) return index;
  return local.length;
}

/** Last grid index at which the clock shows exactly `wanted`; where it never does, the first at which it is past it. */
function lastShowing(clock: WallClock, wanted: number): number {
  const { local } = clock;
  for (let index = local.length - 1; index >= 0; index -= 1) if (local[index] === wanted) return index;
  return firstShowing(clock, wanted);
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return hours! * 60 + minutes!;
}

function hasDay(days: string | undefined, date: number): boolean {
  if (days === undefined) return true;
  const name = DAY_NAMES[new Date(date).getUTCDay()]!;
  return days.split(',').some((part) => {
    const [from, to] = part.trim().split('-');
    if (to === undefined) return from === name;
    for (let day = DAY_NAMES.indexOf(from!); ; day = (day + 1) % 7) {
      if (DAY_NAMES[day] === name) return true;
      if (DAY_NAMES[day] === to) return false;
    }
  });
}

function isClosed(schedule: OracleSchedule, date: number): boolean {
  const text = new Date(date).toISOString().slice(0, 10);
  return (schedule.closed ?? []).some((entry) => {
    if (typeof entry !== 'string') return entry.dates.includes(text);
    const [first, last = first] = entry.split('..');
    return first! <= text && text <= last!;
  });
}

/** For every grid instant whether the schedule is open. */
export function paintOpen(schedule: OracleSchedule, clock: WallClock): Uint8Array {
  const { local } = clock;
  const open = new Uint8Array(local.length);
  const paint = (from: number, to: number) => open.fill(1, firstShowing(clock, from), lastShowing(clock, to));
  const firstDate = Math.floor(local[0]! / DAY) * DAY;
  for (let date = firstDate; date <= local[local.length - 1]!; date += DAY) {
    if (isClosed(schedule, date)) continue;
    for (const window of schedule.open ?? []) {
      if (!hasDay(window.days, date)) continue;
      const from = minutesOf(window.from);
      const to = minutesOf(window.to);
      paint(date + from * MINUTE, date + (to <= from ? to + 1440 : to) * MINUTE);
    }
  }
  for (const { from, to } of schedule.extra ?? []) paint(readLocal(from), readLocal(to));
  return open;
}

function readLocal(text: string): number {
  const [date, time] = text.split('T');
  return Date.parse(`${date}T00:00:00Z`) + minutesOf(time!) * MINUTE;
}

/** For every grid instant the first rung whose schedule is open; `rungs` names their schedules, the last one none. */
export function paintRungs(
  rungs: readonly (string | undefined)[],
  open: ReadonlyMap<string, Uint8Array>,
  length: number,
): Uint8Array {
  const painted = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) {
    painted[index] = rungs.findIndex((schedule) => schedule === undefined || open.get(schedule)![index] === 1);
  }
  return painted;
}

/** [instant, rung] at `from` and wherever the rung changes before `until`. */
export function stepsOf(painted: Uint8Array, clock: WallClock, from: number, until: number): [number, number][] {
  const steps: [number, number][] = [];
  for (let index = 0; index < painted.length; index += 1) {
    const instant = clock.first + index * clock.grid;
    if (instant >= until) break;
    if (instant <= from) steps[0] = [from, painted[index]!];
    else if (steps.at(-1)?.[1] !== painted[index]) steps.push([instant, painted[index]!]);
  }
  return steps;
}
