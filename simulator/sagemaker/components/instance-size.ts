/** What an instance type offers to components. */
export interface InstanceSize {
  readonly cpus: number;
  readonly accelerators: number;
  readonly memoryMb: number;
}

const CPUS: Readonly<Record<string, number>> = { medium: 1, large: 2, xlarge: 4 };

/** GiB of memory for each vCPU, by family without its generation's letters (EC2 instance types). */
const GIB_PER_CPU: readonly (readonly [RegExp, number])[] = [
  [/^c/, 2],
  [/^r/, 8],
  [/^(?:g6e|g7e|trn1n?)$/, 8],
  [/^p[345]/, 10],
  [/^inf1/, 2],
];
const DEFAULT_GIB_PER_CPU = 4;

/** Accelerators by size; the first matching line of the family holds (EC2 accelerated computing instances). */
const ACCELERATORS: readonly (readonly [RegExp, Readonly<Record<string, number>>, number])[] = [
  [/^g7e?$/, { '12xlarge': 2, '24xlarge': 4, '48xlarge': 8 }, 1],
  [/^g\d/, { '12xlarge': 4, '24xlarge': 4, '48xlarge': 8 }, 1],
  [/^p3$/, { '8xlarge': 4, '16xlarge': 8 }, 1],
  [/^p5/, { '4xlarge': 1 }, 8],
  [/^p/, {}, 8],
  [/^inf1$/, { '6xlarge': 4, '24xlarge': 16 }, 1],
  [/^inf2$/, { '24xlarge': 6, '48xlarge': 12 }, 1],
  [/^trn/, { '32xlarge': 16, '48xlarge': 16 }, 1],
];

/** Sizes in EC2's usual proportions: enough to tell how many copies share an instance. */
export function sizeOf(instanceType: string): InstanceSize {
  const [, family = '', size = ''] = instanceType.split('.');
  const multiple = /^(\d+)xlarge$/.exec(size)?.[1];
  const cpus = multiple === undefined ? (CPUS[size] ?? 4) : Number(multiple) * 4;
  const gib = GIB_PER_CPU.find(([pattern]) => pattern.test(family))?.[1] ?? DEFAULT_GIB_PER_CPU;
  const line = ACCELERATORS.find(([pattern]) => pattern.test(family));
  const accelerators = line === undefined ? 0 : (line[1][size] ?? line[2]);
  return { cpus, accelerators, memoryMb: cpus * gib * 1024 };
}
