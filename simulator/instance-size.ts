/** What an instance type offers to components. */
export interface InstanceSize {
  readonly cpus: number;
  readonly accelerators: number;
  readonly memoryMb: number;
}

const CPUS: Readonly<Record<string, number>> = { medium: 1, large: 2, xlarge: 4 };
/** Types that EC2 built out of its usual proportions. */
const ODD_CPUS: Readonly<Record<string, number>> = { 'c4.8xlarge': 36, 't2.medium': 2, 't3.medium': 2 };

/** GiB of memory for each vCPU, by family without its generation's letters (EC2 instance types). */
const GIB_PER_CPU: readonly (readonly [RegExp, number])[] = [
  [/^c/, 2],
  [/^g?r/, 8],
  [/^(?:g6e|g7e|trn1n?)$/, 8],
  [/^p2/, 15.25],
  [/^p[345]/, 10],
  [/^inf1/, 2],
];
const DEFAULT_GIB_PER_CPU = 4;

const GPU_FAMILIES = /^(?:gr?|p)\d/;
/** Accelerators by size; the first matching line of the family holds (EC2 accelerated computing instances). */
const ACCELERATORS: readonly (readonly [RegExp, Readonly<Record<string, number>>, number])[] = [
  [/^g7e?$/, { '12xlarge': 2, '24xlarge': 4, '48xlarge': 8 }, 1],
  [/^gr?\d/, { '12xlarge': 4, '24xlarge': 4, '48xlarge': 8 }, 1],
  [/^p2$/, { '8xlarge': 8, '16xlarge': 16 }, 1],
  [/^p3$/, { '8xlarge': 4, '16xlarge': 8 }, 1],
  [/^p5/, { '4xlarge': 1 }, 8],
  [/^p6e/, {}, 4],
  [/^p/, {}, 8],
  [/^dl1$/, {}, 8],
  [/^inf1$/, { '6xlarge': 4, '24xlarge': 16 }, 1],
  [/^inf2$/, { '24xlarge': 6, '48xlarge': 12 }, 1],
  [/^trn/, { '32xlarge': 16, '48xlarge': 16 }, 1],
];

/**
 * Of a type that is not known, EC2's usual proportions: four vCPUs for each xlarge, GPUs as families of its letter have.
 * `gpus`: of the accelerators those whose utilisation is published; Inferentia, Trainium and Gaudi are none.
 */
export function sizeOf(instanceType: string): InstanceSize & { readonly gpus: number } {
  const [, family = '', size = ''] = instanceType.split('.');
  const multiple = /^(\d+)xlarge$/.exec(size)?.[1];
  const usual = multiple === undefined ? (CPUS[size] ?? 4) : Number(multiple) * 4;
  const cpus = ODD_CPUS[`${family}.${size}`] ?? usual;
  const gib = GIB_PER_CPU.find(([pattern]) => pattern.test(family))?.[1] ?? DEFAULT_GIB_PER_CPU;
  const line = ACCELERATORS.find(([pattern]) => pattern.test(family));
  const accelerators = line === undefined ? 0 : (line[1][size] ?? line[2]);
  return { cpus, accelerators, gpus: GPU_FAMILIES.test(family) ? accelerators : 0, memoryMb: cpus * gib * 1024 };
}
